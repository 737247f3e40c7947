import { z } from 'zod';
import { listOf, listQuery } from '../../http/list.ts';
import { defineRoute } from '../../http/route.ts';
import type { Route } from '../../http/route.ts';
import { requireBilling } from '../deps.ts';
import type { Billing } from '../open-billing.ts';
import { listStripeEvents, replayStripeEvent, stripeEventSchema } from './stripe-events.ts';

const url = '/v1/admin/stripe-events';
const tag = 'Administration';
const access = { kind: 'super_admin' } as const;

const listRoute = defineRoute({
  method: 'GET',
  url,
  operationId: 'listStripeEvents',
  summary: 'Events of the payment provider, and what became of them',
  tag,
  access,
  query: listQuery.extend({
    starting_after: z.string().min(1).max(255).optional(),
    type: z.string().min(1).max(200).optional().describe('E.g. `invoice.paid`.'),
    workspace_id: z.string().min(1).max(64).optional(),
    status: z
      .enum(['waiting', 'failed', 'processed', 'ignored'])
      .optional()
      .describe('`failed`: tried and not done yet; it is tried again.'),
  }),
  responses: { 200: listOf(stripeEventSchema) },
  errors: [],
  handler: ({ ctx, query }) => listStripeEvents(ctx, query, query),
});

/** The super admin's view of the inbox. */
export function stripeEventRoutes(billing: Billing | null): Route[] {
  const replay = defineRoute({
    method: 'POST',
    url: `${url}/:eventId/replay`,
    operationId: 'replayStripeEvent',
    summary: 'Work off an event of the payment provider again',
    description:
      'What the event is about is fetched anew and written down: a replay mends what is wrong and ' +
      'changes nothing that is right. The answer tells how the event stands afterwards.',
    tag,
    access,
    responses: { 200: stripeEventSchema },
    errors: ['not_found', 'conflict'],
    handler: ({ ctx, params }) => {
      requireBilling(billing?.deps ?? null);
      return replayStripeEvent(ctx, params.eventId, async () => billing?.settle());
    },
  });
  return [listRoute, replay];
}
