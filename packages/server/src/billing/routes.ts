import { z } from 'zod';
import { listOf, listQuery } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { adminBillingRoutes } from './admin-routes.ts';
import { clockRoutes } from './clock/routes.ts';
import { listBillingEvents } from './settings/events.ts';
import { NextInvoices } from './invoices/next-invoice.ts';
import type { Billing } from './open-billing.ts';
import { invoiceRoutes } from './invoices/routes.ts';
import { paymentRoutes } from './payment/routes.ts';
import { planMigrationRoutes } from './plan-migrations/routes.ts';
import { billingEventSchema, billingSchema, updateBillingSchema } from './schema.ts';
import { findBilling, updateBilling } from './settings/settings.ts';
import { stripeEventRoutes } from './inbox/stripe-events-routes.ts';
import { subscriptionChangeRoutes } from './subscription/routes.ts';
import { webhookRoute } from './inbox/webhook-route.ts';

const url = '/v1/workspaces/:workspaceId/billing';
const tag = 'Billing';

const findBillingRoute = (nextInvoices: NextInvoices) =>
  defineRoute({
    method: 'GET',
    url,
    operationId: 'getBilling',
    summary: 'How the workspace pays, and what it chose',
    description:
      "`next_invoice` is the payment provider's preview, at most a minute old, and null where " +
      'nothing will be invoiced; overage of the running usage period is not in it yet.',
    tag,
    access: { kind: 'workspace', scope: 'billing:read' },
    responses: { 200: billingSchema },
    errors: [],
    handler: async ({ ctx }) => ({
      ...(await findBilling(ctx)),
      next_invoice: await nextInvoices.find(ctx),
    }),
  });

const updateBillingRoute = (nextInvoices: NextInvoices) =>
  defineRoute({
    method: 'PATCH',
    url,
    operationId: 'updateBilling',
    summary: 'Set billing address, spend cap and overage policy',
    description:
      'What is absent stays. `overage_policy` must be one that the plan allows; `charge` also needs ' +
      "an overage price and a payment method, or the operator's word: else 409 with `missing`. " +
      'Conversions under way keep the policy and price of their admission.',
    tag,
    access: { kind: 'workspace', scope: 'billing:write' },
    body: updateBillingSchema,
    responses: { 200: billingSchema },
    errors: ['conflict'],
    handler: async ({ ctx, body }) => ({
      ...(await updateBilling(ctx, body)),
      next_invoice: await nextInvoices.find(ctx),
    }),
  });

const listBillingEventsRoute = defineRoute({
  method: 'GET',
  url: `${url}/events`,
  operationId: 'listBillingEvents',
  summary: 'What happened to subscription, payments and limits',
  tag,
  access: { kind: 'workspace', scope: 'billing:read' },
  query: listQuery.extend({ type: z.string().min(1).max(64).optional() }),
  responses: { 200: listOf(billingEventSchema) },
  errors: [],
  handler: ({ ctx, query }) => listBillingEvents(ctx, query, query.type ?? null),
});

/** The billing part of the API. Null: nobody is billed on this server. */
export function billingRoutes(billing: Billing | null): Route[] {
  const deps = billing?.deps ?? null;
  const nextInvoices = new NextInvoices(deps);
  return [
    findBillingRoute(nextInvoices),
    updateBillingRoute(nextInvoices),
    listBillingEventsRoute,
    ...paymentRoutes(deps),
    ...adminBillingRoutes(deps),
    ...planMigrationRoutes(deps),
    ...subscriptionChangeRoutes(deps),
    ...invoiceRoutes(deps?.mode === 'simulator'),
    webhookRoute(deps),
    ...clockRoutes(billing),
    ...stripeEventRoutes(billing),
  ];
}
