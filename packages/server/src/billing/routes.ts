import { defineRoute } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { clockRoutes } from './clock-routes.ts';
import type { Billing } from './open-billing.ts';
import { invoiceRoutes } from './invoices/routes.ts';
import { billingSchema, updateBillingSchema } from './schema.ts';
import { findBilling, updateBilling } from './settings.ts';
import { stripeEventRoutes } from './stripe-events-routes.ts';
import { webhookRoute } from './webhook-route.ts';

const url = '/v1/workspaces/:workspaceId/billing';
const tag = 'Billing';

const findBillingRoute = defineRoute({
  method: 'GET',
  url,
  operationId: 'getBilling',
  summary: 'How the workspace pays, and what it chose',
  tag,
  access: { kind: 'workspace', scope: 'billing:read' },
  responses: { 200: billingSchema },
  errors: [],
  handler: ({ ctx }) => findBilling(ctx),
});

const updateBillingRoute = defineRoute({
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
  handler: ({ ctx, body }) => updateBilling(ctx, body),
});

/** The billing part of the API. Null: nobody is billed on this server. */
export function billingRoutes(billing: Billing | null): Route[] {
  const deps = billing?.deps ?? null;
  return [
    findBillingRoute,
    updateBillingRoute,
    ...invoiceRoutes(deps?.mode === 'simulator'),
    webhookRoute(deps),
    ...clockRoutes(billing),
    ...stripeEventRoutes(billing),
  ];
}
