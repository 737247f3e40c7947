import { z } from 'zod';
import { defineRoute, type Route } from '../../http/route.ts';
import { type BillingDeps, requireBilling } from '../deps.ts';
import { openCardPage, openPortal, removeCard, returnFromPage } from './payment-method.ts';

const url = '/v1/workspaces/:workspaceId/billing';
const tag = 'Billing';
const access = { kind: 'workspace', scope: 'billing:write' } as const;

const pageInput = z.strictObject({
  return_url: z.url().max(2_000).optional().describe('A page of this service.'),
});
const pageSchema = z.object({ url: z.string() }).meta({ id: 'HostedPage' });

const cardPageRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url: `${url}/payment-method`,
    operationId: 'createPaymentMethodPage',
    summary: 'A hosted page that takes the card',
    description:
      "The payment provider's page; no number of a card comes here. The card is then charged for " +
      'the subscription and for overage, and at once for what is overdue.',
    tag,
    access,
    body: pageInput.optional(),
    responses: { 200: pageSchema },
    errors: ['conflict', 'overloaded'],
    handler: async ({ ctx, body }) => ({
      url: await openCardPage(requireBilling(deps), ctx, body?.return_url),
    }),
  });

const removeCardRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'DELETE',
    url: `${url}/payment-method`,
    operationId: 'deletePaymentMethod',
    summary: 'Remove the card',
    tag,
    access,
    responses: { 204: null },
    errors: ['not_found', 'conflict', 'overloaded'],
    handler: async ({ ctx }) => {
      await removeCard(requireBilling(deps), ctx);
      return null;
    },
  });

const portalRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url: `${url}/portal`,
    operationId: 'createPortalPage',
    summary: "The payment provider's own pages for invoices and card",
    tag,
    access,
    body: pageInput.optional(),
    responses: { 200: pageSchema },
    errors: ['conflict', 'overloaded'],
    handler: async ({ ctx, body }) => ({
      url: await openPortal(requireBilling(deps), ctx, body?.return_url),
    }),
  });

const returnRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'GET',
    url: '/billing/return',
    operationId: 'returnFromHostedPage',
    summary: 'Where hosted pages lead back to',
    description: 'Takes in what was done there, then leads on to a page of this service.',
    tag,
    access: { kind: 'public' },
    query: z.object({
      session_id: z.string().regex(/^cs_\w{10,200}$/, 'must be the id of a Checkout session'),
      to: z.string().max(2_000).optional(),
    }),
    responses: { 303: null },
    errors: ['conflict'],
    handler: async ({ ctx, query, reply }) => {
      const billing = requireBilling(deps);
      const path = await returnFromPage(billing, query.session_id, query.to).catch(
        (error: unknown) => {
          // The webhook tells the same: whoever comes back is not kept waiting for it.
          ctx.log.warn({ err: error }, 'a return from a hosted page could not be followed up');
          return '/';
        },
      );
      reply.code(303).header('location', path);
      return null;
    },
  });

/** Card and hosted pages. */
export function paymentRoutes(deps: BillingDeps | null): Route[] {
  return [cardPageRoute(deps), removeCardRoute(deps), portalRoute(deps), returnRoute(deps)];
}
