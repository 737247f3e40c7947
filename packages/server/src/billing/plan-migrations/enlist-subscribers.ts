import type { PlatformContext } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { announce } from '../../notifications/outbox.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { planWork } from '../due-work/due-work.ts';
import { migrationWork } from './move-subscriber.ts';
import {
  type Enlisting,
  insertMove,
  listAllMigrations,
  listOldSubscribers,
  type OldSubscriber,
} from './sql.ts';

/** Of one transaction. */
const subscribersMax = 100;

/**
 * Notes who a dated move of a plan concerns, and tells them. May be repeated and done by any number at
 * once: each is told once.
 */
export async function enlistSubscribers(ctx: PlatformContext, migration: Enlisting): Promise<void> {
  for (;;) {
    const statement = listOldSubscribers(migration, subscribersMax, ctx.clock.now());
    const subscribers = await ctx.db.query<OldSubscriber>(statement);
    await ctx.db.transaction(async (tx) => {
      for (const subscriber of subscribers) await enlist(tx, ctx, subscriber, migration);
    });
    if (subscribers.length < subscribersMax) return;
  }
}

/**
 * Whoever came to an older version after its migration was made, by a payment page that was open or a
 * change that was scheduled; and whom a process that ended did not come to.
 */
export async function enlistLatecomers(ctx: PlatformContext): Promise<void> {
  const migrations = await ctx.db.query<Enlisting>(listAllMigrations());
  for (const migration of migrations) await enlistSubscribers(ctx, migration);
}

async function enlist(
  tx: Queryable,
  ctx: PlatformContext,
  subscriber: OldSubscriber,
  row: Enlisting,
): Promise<void> {
  const { organization_id: organizationId, plan_name: name, interval, status } = subscriber;
  const inside = { ...ctx, organization: { id: organizationId } };
  const moveAt = new Date(subscriber.move_at);
  const move = { fromVersion: subscriber.plan_version, moveAt };
  const [enlisted] = await tx.query(insertMove(organizationId, row.id, move));
  // By another process just now.
  if (enlisted === undefined) return;
  await planWork(tx, {
    organizationId,
    kind: migrationWork,
    reference: row.id,
    // Who pays is scheduled at the provider, as soon as the period is the one.
    dueAt: subscriber.is_paying ? ctx.clock.now() : moveAt,
  });
  await announce(tx, inside, {
    topic: 'subscription.changed',
    dedupeKey: `subscription.changed:${subscriber.subscription_id}:migration:${row.id}`,
    payload: {
      change: 'change_scheduled',
      plan_id: row.plan_id,
      plan_name: name,
      previous_plan_id: null,
      interval,
      status,
      effective_at: moveAt.toISOString(),
    },
  });
  await recordBillingEvent(tx, inside, {
    type: 'plan.migration_announced',
    summary: `${name} gets new terms at ${moveAt.toISOString()}`,
    data: {
      migration_id: row.id,
      plan_id: row.plan_id,
      from_version: subscriber.plan_version,
      to_version: row.to_version,
      effective_at: moveAt.toISOString(),
    },
  });
}
