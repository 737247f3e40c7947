import { appendAudit } from '../audit/audit.ts';
import type { PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { notFound } from '../errors.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import { invalidRequest } from '../http/validation.ts';
import { newId } from '../ids.ts';
import { organizationExists, requireOperator } from '../organizations/organizations.ts';
import type {
  AdminPlan,
  AdminPlanDetail,
  CreatePlan,
  PlanChange,
  UpdatePlan,
} from './admin-schema.ts';
import {
  findAnyPlan,
  insertPlan,
  insertPlanVersion,
  listAllPlans,
  lockPlan,
  type PlanFilter,
  updatePlanFacts,
} from './admin-sql.ts';
import { normalizeTerms, planConflict, termNames, type Terms } from './plan-terms.ts';

/** Every plan there is, archived and custom ones too, in the order of the price list. */
export async function listAdminPlans(
  ctx: PlatformContext,
  page: ListQuery,
  filter: PlanFilter,
): Promise<List<AdminPlan>> {
  const rows = await ctx.db.query<{ plan: AdminPlan }>(listAllPlans(page, filter));
  return toList(
    rows.map((row) => row.plan),
    page.limit,
  );
}

/** One plan with its versions and how many workspaces are on each. @throws AppError `not_found` */
export async function findAdminPlan(
  ctx: PlatformContext,
  planId: string,
): Promise<AdminPlanDetail> {
  return findPlan(ctx.db, planId);
}

async function findPlan(db: Queryable, planId: string): Promise<AdminPlanDetail> {
  const [row] = await db.query<{ plan: AdminPlanDetail }>(findAnyPlan(planId));
  if (row === undefined) throw notFound('plan');
  return row.plan;
}

/**
 * Makes a plan with its first version; with a workspace it is that one's alone.
 *
 * @throws AppError `invalid_request`; `conflict` where the id is taken
 */
export async function createPlan(
  ctx: PlatformContext,
  input: CreatePlan,
): Promise<AdminPlanDetail> {
  requireOperator(ctx);
  const asOf = ctx.clock.now();
  const id = input.id ?? newId('plan', asOf.getTime());
  const terms = normalizeTerms(id, input);
  return ctx.db.transaction(async (tx) => {
    const { workspace_id: workspaceId } = input;
    if (workspaceId !== undefined && !(await organizationExists(tx, workspaceId))) {
      throw invalidRequest([
        { pointer: '/body/workspace_id', detail: 'must be the id of a workspace' },
      ]);
    }
    const [made] = await tx.query(insertPlan(id, input, asOf));
    if (made === undefined) throw planConflict(`There is a plan ${id} already.`);
    await tx.query(insertPlanVersion(id, 1, terms, input.features, asOf));
    const after = await findPlan(tx, id);
    await audit(tx, ctx, 'plan.created', null, after);
    return after;
  });
}

/**
 * Changes a plan. Name, position, self-service and features change in place; any other change makes
 * a new version with all its prices, which is what is sold from then on: who is on the plan keeps
 * the version that was bought.
 *
 * @throws AppError `not_found`, `invalid_request`
 */
export async function updatePlan(
  ctx: PlatformContext,
  planId: string,
  patch: UpdatePlan,
): Promise<AdminPlanDetail> {
  requireOperator(ctx);
  const asOf = ctx.clock.now();
  return ctx.db.transaction(async (tx) => {
    const before = await lock(tx, planId);
    const change = changeOf(before, patch);
    if (change.changes.length === 0) return before;
    const { terms, facts } = change;
    if (change.newVersion !== null) {
      await tx.query(insertPlanVersion(planId, change.newVersion, terms, facts.features, asOf));
    }
    await tx.query(updatePlanFacts(planId, facts, asOf));
    const after = await findPlan(tx, planId);
    await audit(tx, ctx, 'plan.updated', before, after);
    return after;
  });
}

/** What `updatePlan` would do, and to whom; nothing is stored. @throws the same */
export async function previewPlanChange(
  ctx: PlatformContext,
  planId: string,
  patch: UpdatePlan,
): Promise<PlanChange> {
  requireOperator(ctx);
  const before = await findPlan(ctx.db, planId);
  const { changes, newVersion } = changeOf(before, patch);
  return {
    object: 'plan_change',
    plan_id: planId,
    current_version: before.version,
    new_version: newVersion,
    changes,
    workspaces: before.versions
      .filter((version) => version.workspace_count > 0)
      .map(({ version, workspace_count: count }) => ({ version, count })),
  };
}

/**
 * Takes a plan off the price list: nobody new comes onto it, who is on it stays.
 *
 * @throws AppError `not_found`; `conflict` for the Free plan
 */
export async function archivePlan(ctx: PlatformContext, planId: string): Promise<AdminPlanDetail> {
  requireOperator(ctx);
  return ctx.db.transaction(async (tx) => {
    const before = await lock(tx, planId);
    if (planId === 'plan_free') {
      throw planConflict('The Free plan cannot be archived: who does not pay falls back to it.');
    }
    if (!before.active) return before;
    await tx.query(updatePlanFacts(planId, { ...before, active: false }, ctx.clock.now()));
    const after = await findPlan(tx, planId);
    await audit(tx, ctx, 'plan.archived', before, after);
    return after;
  });
}

async function lock(tx: Queryable, planId: string): Promise<AdminPlanDetail> {
  await tx.query(lockPlan(planId));
  return findPlan(tx, planId);
}

const factNames = ['name', 'self_service', 'position', 'active', 'features'] as const;

function changeOf(before: AdminPlanDetail, patch: UpdatePlan) {
  const given = Object.fromEntries(
    Object.entries(patch).filter(([, value]) => value !== undefined),
  ) as UpdatePlan;
  const wanted = { ...before, ...given } as AdminPlanDetail;
  const terms: Terms = normalizeTerms(before.id, wanted);
  const facts = {
    name: wanted.name,
    self_service: wanted.self_service,
    position: wanted.position,
    active: wanted.active,
    features: wanted.features,
  };
  const after = { ...terms, ...facts };
  const changed = [...termNames, ...factNames].filter(
    (name) => !isEqual(before[name], after[name]),
  );
  const isNewVersion = termNames.some((name) => changed.includes(name));
  return {
    terms,
    facts,
    changes: changed.map((member) => ({
      member,
      before: before[member] as unknown,
      after: after[member] as unknown,
    })),
    newVersion: isNewVersion ? before.version + 1 : null,
  };
}

/** As JSON, whatever the order of the members. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

async function audit(
  tx: Queryable,
  ctx: PlatformContext,
  action: string,
  before: AdminPlanDetail | null,
  after: AdminPlanDetail,
): Promise<void> {
  const shown = (plan: AdminPlanDetail | null) => {
    if (plan === null) return null;
    const { versions: _, workspace_count: __, ...rest } = plan;
    return rest;
  };
  await appendAudit(tx, ctx, {
    action,
    target: { kind: 'plan', id: after.id },
    before: shown(before),
    after: shown(after),
  });
}
