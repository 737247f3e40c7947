import { appendAudit } from '../../audit/audit.ts';
import type { PlatformContext } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { type List, type ListQuery, toList } from '../../http/list.ts';
import { invalidRequest } from '../../http/validation.ts';
import { requireOperator } from '../../organizations/organizations.ts';
import type { AdminPlanDetail } from '../../plans/admin-schema.ts';
import { findAdminPlan } from '../../plans/manage-plans.ts';
import { enlistSubscribers } from './enlist-subscribers.ts';
import type { CreatePlanMigration, PlanMigration } from './schema.ts';
import { findMigration, insertMigration, listMigrations, listPaidPrices } from './sql.ts';

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
  const row = { id, planId, toVersion, effectiveAt };
  await ctx.db.transaction(async (tx) => {
    const { kind, id: actorId } = ctx.actor;
    const [made] = await tx.query(insertMigration(row, { kind, id: actorId }, asOf));
    if (made === undefined) return;
    requirePrices(version, await tx.query<PaidPrice>(listPaidPrices(planId, toVersion)));
    await appendAudit(tx, ctx, {
      action: 'plan.migration_created',
      target: { kind: 'plan', id: planId },
      before: null,
      after: {
        migration_id: id,
        to_version: toVersion,
        effective_at: effectiveAt.toISOString(),
      },
    });
  });
  await enlistSubscribers(ctx, {
    id,
    plan_id: planId,
    to_version: toVersion,
    effective_at: effectiveAt.toISOString(),
  });
  const [migration] = await ctx.db.query<PlanMigration>(findMigration(id));
  if (migration === undefined) throw new Error('the migration just made is not there');
  return migration;
}

type Version = AdminPlanDetail['versions'][number];

interface PaidPrice {
  readonly currency: string;
  readonly interval: string;
}

function requirePrices({ version, prices }: Version, paid: readonly PaidPrice[]): void {
  const sold = new Set(prices.map((price) => `${price.currency} ${price.interval}`));
  const names = paid.map(({ currency, interval }) => `${currency} ${interval}`);
  const missing = names.filter((name) => !sold.has(name));
  if (missing.length === 0) return;
  const message =
    `Version ${version} has no price that some subscribers pay: ${missing.join(', ')}. ` +
    'Add it to the plan, and migrate to the version that this makes.';
  throw new AppError('conflict', message, { details: { missing } });
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
