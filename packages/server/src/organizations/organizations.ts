import { appendAudit } from '../audit/audit.ts';
import { type Context, isOperator, type PlatformContext } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import type { Role } from '../http/role.ts';
import { invalidRequest } from '../http/validation.ts';
import { newId } from '../ids.ts';
import { recordBillingEvent } from './billing-events.ts';
import { changeLimits } from './limits.ts';
import type { UpdateWorkspace, Workspace } from './schema.ts';
import {
  findOrganizationById,
  findRoleOfMember,
  forgetUnprovenLogin,
  insertMember,
  insertOrganization,
  listOrganizations,
  listOrganizationsById,
  listOrganizationsOfUser,
  lockOrganizationById,
  updateOrganizationById,
  upsertUser,
} from './sql.ts';

export interface CreateOrganization {
  readonly name: string;
  /** An active plan that is not another organization's; the Free plan by default. */
  readonly planId?: string | undefined;
  /** Becomes the owner, as a new user where there is none with this address. */
  readonly ownerEmail?: string | undefined;
}

/**
 * Makes an organization with its subscription, active at once and without payment. Usage periods
 * are counted from now.
 *
 * @throws AppError `invalid_request` for a plan that there is not; `forbidden`
 */
export async function createOrganization(
  ctx: PlatformContext,
  input: CreateOrganization,
): Promise<Workspace> {
  requireOperator(ctx);
  const billingEmail = input.ownerEmail?.toLowerCase() ?? null;
  return ctx.db.transaction(async (tx) => {
    const { name, planId = 'plan_free' } = input;
    const inside = await insertWorkspace(tx, ctx, { name, planId, billingEmail });
    if (billingEmail !== null) await addOwner(tx, inside, billingEmail);
    return appendCreation(tx, inside, billingEmail);
  });
}

/** The rows of a new organization; `appendCreation` ends the transaction. */
export async function insertWorkspace(
  tx: Queryable,
  ctx: PlatformContext,
  input: { name: string; planId: string; billingEmail: string | null },
): Promise<Context> {
  const asOf = ctx.clock.now();
  const id = newId('org', asOf.getTime());
  const subscriptionId = newId('sub', asOf.getTime());
  const row = { ...input, id, slug: slugOf(input.name, id), subscriptionId };
  const [made] = await tx.query<{ created: boolean; plan_name: string | null }>(
    insertOrganization(row, asOf),
  );
  if (made?.created !== true || made.plan_name === null) {
    throw invalidRequest([
      { pointer: '/body/plan_id', detail: 'must be the id of an active plan' },
    ]);
  }
  const inside: Context = { ...ctx, organization: { id } };
  await recordBillingEvent(tx, inside, {
    type: 'subscription.created',
    summary: `Started on ${made.plan_name}`,
    data: { plan_id: input.planId },
  });
  return inside;
}

/** The audit row of a new organization, which is the answer. */
export async function appendCreation(
  tx: Queryable,
  ctx: Context,
  ownerEmail: string | null,
): Promise<Workspace> {
  const workspace = await findWorkspace(tx, ctx.organization.id);
  await appendAudit(tx, ctx, {
    action: 'workspace.created',
    target: { kind: 'workspace', id: workspace.id },
    before: null,
    after: { ...workspace, owner_email: ownerEmail },
  });
  return workspace;
}

/** For verbs of the super admin, whoever calls them. @throws AppError `forbidden` */
export function requireOperator(ctx: PlatformContext): void {
  if (isOperator(ctx.actor)) return;
  throw new AppError('forbidden', 'Only the super admin may do this.');
}

/**
 * Who owns it already stays what they are. Whoever signed up with the address and did not prove it
 * has no password any more: the owner sets one by the link that is mailed to the address.
 *
 * @returns the user's id
 */
export async function addOwner(tx: Queryable, ctx: Context, email: string): Promise<string> {
  const asOf = ctx.clock.now();
  const name = email.slice(0, email.indexOf('@'));
  const [user] = await tx.query<{ id: string }>(
    upsertUser(newId('usr', asOf.getTime()), email, name, asOf),
  );
  if (user === undefined) throw new Error('the upsert of a user answered no row');
  await tx.query(forgetUnprovenLogin(email));
  const id = newId('mem', asOf.getTime());
  const row = { organizationId: ctx.organization.id, id, userId: user.id, role: 'owner' };
  await tx.query(insertMember(row, asOf));
  return user.id;
}

/** `Café Zürich` and `org_…9x2k` give `cafe-zurich-…9x2k`: readable, and unique by the id's end. */
function slugOf(name: string, id: string): string {
  const words = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
  return `${words === '' ? 'workspace' : words}-${id.slice(-10)}`;
}

/** @throws AppError `not_found` */
export async function findOrganization(ctx: Context): Promise<Workspace> {
  return findWorkspace(ctx.db, ctx.organization.id, isSystem(ctx));
}

/** A deleted workspace is there for the system alone: it still has invoices to write. */
function isSystem({ actor }: Context): boolean {
  return actor.kind === 'system';
}

/**
 * The same, locked until the transaction ends: the first statement of every verb that changes an
 * organization. A member's role is read again: the caller's is up to a second old.
 *
 * @throws AppError `not_found`, for who was taken out too; `forbidden` with another role by now
 */
export async function lockOrganization(tx: Queryable, ctx: Context): Promise<Workspace> {
  const [workspace] = await tx.query<Workspace>(
    lockOrganizationById(ctx.organization.id, isSystem(ctx)),
  );
  if (workspace === undefined) throw notFound('workspace');
  await requireStanding(tx, ctx);
  return workspace;
}

async function requireStanding(tx: Queryable, ctx: Context): Promise<void> {
  const { actor, organization } = ctx;
  if (actor.kind !== 'member' || actor.role === null || isOperator(actor)) return;
  const [now] = await tx.query<{ role: Role }>(findRoleOfMember(organization.id, actor.id));
  if (now === undefined) throw notFound('workspace');
  if (now.role === actor.role) return;
  throw new AppError('forbidden', 'Your role here has just changed: try again in a second.');
}

async function findWorkspace(db: Queryable, id: string, deletedToo = false): Promise<Workspace> {
  const [workspace] = await db.query<Workspace>(findOrganizationById(id, deletedToo));
  if (workspace === undefined) throw notFound('workspace');
  return workspace;
}

/** Whether there is such an organization; for a caller whose credentials belong to none. */
export async function organizationExists(db: Queryable, id: string): Promise<boolean> {
  return (await db.query(findOrganizationById(id))).length > 0;
}

/** Those of these ids that there are, in no order; for the super admin. */
export function findOrganizations(
  ctx: PlatformContext,
  ids: readonly string[],
): Promise<Workspace[]> {
  return ctx.db.query<Workspace>(listOrganizationsById(ids));
}

/** Whose workspaces are listed. */
export type WorkspaceSight =
  | { readonly kind: 'all' }
  | { readonly kind: 'one'; readonly id: string }
  | { readonly kind: 'member'; readonly userId: string };

/**
 * The workspaces that the caller may see, newest first: an API key its own, a member those they are
 * in, the super admin all.
 */
export async function listWorkspaces(
  ctx: PlatformContext,
  page: ListQuery,
  sight: WorkspaceSight,
): Promise<List<Workspace>> {
  if (sight.kind === 'one') {
    const rows = page.starting_after === undefined ? [await findWorkspace(ctx.db, sight.id)] : [];
    return toList(rows, page.limit);
  }
  const statement =
    sight.kind === 'member' ? listOrganizationsOfUser(page, sight.userId) : listOrganizations(page);
  return toList(await ctx.db.query<Workspace>(statement), page.limit);
}

const settings = ['name', 'time_zone', 'retention_hours', 'alert_thresholds'] as const;

/**
 * Changes a workspace's settings. A threshold that usage is already past is told at once.
 *
 * @throws AppError `not_found`
 */
export async function updateOrganization(ctx: Context, patch: UpdateWorkspace): Promise<Workspace> {
  const { id } = ctx.organization;
  return ctx.db.transaction(async (tx) => {
    const before = await lockOrganization(tx, ctx);
    const changed = settings.filter(
      (name) =>
        patch[name] !== undefined && JSON.stringify(patch[name]) !== JSON.stringify(before[name]),
    );
    if (changed.length === 0) return before;
    const update = () => tx.query<Workspace>(updateOrganizationById(id, patch));
    const [after] = changed.includes('alert_thresholds')
      ? await changeLimits(tx, ctx, update)
      : await update();
    if (after === undefined) throw notFound('workspace');
    await appendAudit(tx, ctx, {
      action: 'workspace.updated',
      target: { kind: 'workspace', id },
      before: Object.fromEntries(changed.map((name) => [name, before[name]])),
      after: Object.fromEntries(changed.map((name) => [name, after[name]])),
    });
    return after;
  });
}
