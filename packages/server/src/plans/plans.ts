import type { Context, PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import type { Plan } from './schema.ts';
import { findPlanForOrganization, listOfferedPlans } from './sql.ts';

/** The plans that are offered to everybody, in the order of the price list. */
export async function listPlans(ctx: PlatformContext, page: ListQuery): Promise<List<Plan>> {
  return listOffered(ctx.db, page, null);
}

/** The same with the plans that were made for the workspace alone. */
export async function listPlansOfWorkspace(ctx: Context, page: ListQuery): Promise<List<Plan>> {
  return listOffered(ctx.db, page, ctx.organization.id);
}

async function listOffered(
  db: Queryable,
  page: ListQuery,
  organizationId: string | null,
): Promise<List<Plan>> {
  const rows = await db.query<{ plan: Plan }>(listOfferedPlans(page, organizationId));
  return toList(
    rows.map((row) => row.plan),
    page.limit,
  );
}

/**
 * The current version of an active plan that the organization may be on: everybody's, or one made
 * for it; null where there is none. It cannot be archived until the transaction ends.
 */
export async function findAvailablePlan(
  tx: Queryable,
  organizationId: string,
  planId: string,
): Promise<Plan | null> {
  const statement = findPlanForOrganization(organizationId, planId);
  const [row] = await tx.query<{ plan: Plan }>(statement);
  return row?.plan ?? null;
}
