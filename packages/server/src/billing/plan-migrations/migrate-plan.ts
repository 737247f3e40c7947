import { appendAudit } from '../../audit/audit.ts';
import type { PlatformContext } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { AppError } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import { invalidRequest } from '../../http/validation.ts';
import { announce } from '../../notifications/outbox.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { requireOperator } from '../../organizations/organizations.ts';
import type { AdminPlanDetail } from '../../plans/admin-schema.ts';
import { findAdminPlan } from '../../plans/manage-plans.ts';
import { planWork } from '../due-work.ts';
import { migrationWork } from './move-subscriber.ts';
import type { CreatePlanMigration, PlanMigration } from './schema.ts';
import {
  findMigration,
  insertMigration,
  insertMove,
  listMigrations,
  listOldSubscribers,
  type OldSubscriber,
} from './sql.ts';

/**
 * Moves the subscribers of a plan's older versions to a newer one, each at the end of the billing
 * period in which a date lies; they are told now.
 *
 * @throws AppError `not_found`, `invalid_request`; `conflict` where the version lacks a price that
 *   some of them pay
 */
export async function migratePlan(
  ctx: PlatformContext,
  planId: string,
  input: CreatePlanMigration,
  id: string,
): Promise<PlanMigration> {
  requireOperator(ctx);
  const asOf = ctx.clock.now();
  const effectiveAt = new Date(input.effective_at);
  if (effectiveAt < asOf) {
    throw invalidRequest([{ pointer: '/body/effective_at', detail: 'must not be past' }]);
  }
  const plan = await findAdminPlan(ctx, planId);
  const { to_version: toVersion = plan.version } = input;
  const version = plan.versions.find((one) => one.version === toVersion);
  if (version === undefined) {
    const detail = `must be a version of the plan, at most ${plan.version}`;
    throw invalidRequest([{ pointer: '/body/to_version', detail }]);
  }
  return ctx.db.transaction(async (tx) => {
    const { kind, id: actorId } = ctx.actor;
    const row = { id, planId, toVersion, effectiveAt };
    const [made] = await tx.query(insertMigration(row, { kind, id: actorId }, asOf));
    if (made !== undefined) {
      const statement = listOldSubscribers(planId, toVersion, effectiveAt);
      const subscribers = await tx.query<OldSubscriber>(statement);
      requirePrices(version, subscribers);
      for (const subscriber of subscribers) await enlist(tx, ctx, subscriber, row);
      await appendAudit(tx, ctx, {
        action: 'plan.migration_created',
        target: { kind: 'plan', id: planId },
        before: null,
        after: {
          migration_id: id,
          to_version: toVersion,
          effective_at: effectiveAt.toISOString(),
          workspaces: subscribers.length,
        },
      });
    }
    const [migration] = await tx.query<PlanMigration>(findMigration(id));
    if (migration === undefined) throw new Error('the migration just made is not there');
    return migration;
  });
}

type Version = AdminPlanDetail['versions'][number];

function requirePrices({ version, prices }: Version, subscribers: readonly OldSubscriber[]): void {
  const sold = new Set(prices.map((price) => `${price.currency} ${price.interval}`));
  const paid = subscribers
    .filter((subscriber) => subscriber.is_paying)
    .map(({ currency, interval }) => `${currency} ${interval}`);
  const missing = [...new Set(paid)].filter((name) => !sold.has(name));
  if (missing.length === 0) return;
  const message =
    `Version ${version} has no price that some subscribers pay: ${missing.join(', ')}. ` +
    'Add it to the plan, and migrate to the version that this makes.';
  throw new AppError('conflict', message, { details: { missing } });
}

async function enlist(
  tx: Queryable,
  ctx: PlatformContext,
  subscriber: OldSubscriber,
  row: { id: string; planId: string; toVersion: number },
): Promise<void> {
  const { organization_id: organizationId, plan_name: name, interval, status } = subscriber;
  const inside = { ...ctx, organization: { id: organizationId } };
  const moveAt = new Date(subscriber.move_at);
  const move = { fromVersion: subscriber.plan_version, moveAt };
  await tx.query(insertMove(organizationId, row.id, move));
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
      plan_id: row.planId,
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
      plan_id: row.planId,
      from_version: subscriber.plan_version,
      to_version: row.toVersion,
      effective_at: moveAt.toISOString(),
    },
  });
}

/** A page of a plan's migrations, newest first. @throws AppError `not_found` */
export async function listPlanMigrations(
  ctx: PlatformContext,
  planId: string,
  page: ListQuery,
): Promise<List<PlanMigration>> {
  await findAdminPlan(ctx, planId);
  const rows = await ctx.db.query<PlanMigration>(listMigrations(planId, page));
  return toList(rows, page.limit);
}
