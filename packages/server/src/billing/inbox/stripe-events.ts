import { z } from 'zod';
import { appendAudit } from '../../audit/audit.ts';
import type { PlatformContext } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import { type EventFilter, findEvent, listEvents, resetEvent } from './stripe-events-sql.ts';

/** An event of the provider as it stands in the inbox. Times are wall clock, but `created_at`. */
export const stripeEventSchema = z
  .object({
    /** The provider's. */
    id: z.string(),
    object: z.literal('stripe_event'),
    type: z.string(),
    /** Null: of no workspace here, or not looked up yet. */
    workspace_id: z.string().nullable(),
    status: z.enum(['waiting', 'failed', 'processed', 'ignored']),
    ignored_reason: z.string().nullable(),
    /** `reconciler`: no webhook told of it, it was found in the provider's list. */
    source: z.enum(['webhook', 'reconciler']),
    attempts: z.int(),
    last_error: z.string().nullable(),
    next_attempt_at: z.string().nullable(),
    created_at: z.string(),
    received_at: z.string(),
    processed_at: z.string().nullable(),
  })
  .meta({ id: 'StripeEvent' });

export type StripeEvent = z.infer<typeof stripeEventSchema>;

/** A page of the inbox, newest first. */
export async function listStripeEvents(
  ctx: PlatformContext,
  page: ListQuery,
  filter: EventFilter,
): Promise<List<StripeEvent>> {
  return toList(await ctx.db.query<StripeEvent>(listEvents(page, filter)), page.limit);
}

/**
 * Has an event worked off again, as if it had just come in. What it is about is looked at as it is
 * now, so a replay changes nothing that is right already.
 *
 * @param settle works off the inbox
 * @returns how it stands after that
 * @throws AppError `not_found`
 */
export async function replayStripeEvent(
  ctx: PlatformContext,
  id: string,
  settle: () => Promise<void>,
): Promise<StripeEvent> {
  const before = await find(ctx, id);
  await ctx.db.transaction(async (tx) => {
    await tx.query(resetEvent(id));
    await appendAudit(tx, ctx, {
      action: 'stripe_event.replayed',
      target: { kind: 'stripe_event', id },
      before: { status: before.status, last_error: before.last_error },
      after: { status: 'waiting', last_error: null },
    });
  });
  await settle();
  return find(ctx, id);
}

async function find(ctx: PlatformContext, id: string): Promise<StripeEvent> {
  const [event] = await ctx.db.query<StripeEvent>(findEvent(id));
  if (event === undefined) throw notFound('Stripe event');
  return event;
}
