import type { Context, PlatformContext } from '../context.ts';
import { type List, toList } from '../http/list.ts';
import { findOrganization, findOrganizations } from '../organizations/organizations.ts';
import type { Workspace } from '../organizations/schema.ts';
import type { AdminWorkspace, ListAdminWorkspaces } from './schema.ts';
import { listDetails } from './sql.ts';
import { listNewestIds, listRankedIds } from './workspace-list-sql.ts';

/** The context of a verb that works inside the workspace of the URL. */
export function inside(ctx: PlatformContext, workspaceId: string): Context {
  return { ...ctx, organization: { id: workspaceId } };
}

/** One workspace with its subscription, usage and overrides. @throws AppError `not_found` */
export async function findAdminWorkspace(ctx: Context): Promise<AdminWorkspace> {
  const [workspace] = await addDetails(ctx, [await findOrganization(ctx)]);
  if (workspace === undefined) throw new Error('a workspace without details');
  return workspace;
}

/**
 * A page of all workspaces that the query finds, in its order. What is ranked by usage moves while
 * one reads: a workspace whose usage changed between two pages may be on both or on neither.
 */
export async function listAdminWorkspaces(
  ctx: PlatformContext,
  query: ListAdminWorkspaces,
): Promise<List<AdminWorkspace>> {
  const isRanked = query.sort !== 'newest' || query.near_limit !== undefined;
  const statement = isRanked ? listRankedIds(query, ctx.clock.now()) : listNewestIds(query);
  const page = toList(await ctx.db.query<{ id: string }>(statement), query.limit);
  const ids = page.data.map(({ id }) => id);
  const found = await addDetails(ctx, await findOrganizations(ctx, ids));
  const byId = new Map(found.map((workspace) => [workspace.id, workspace]));
  return { ...page, data: ids.flatMap((id) => byId.get(id) ?? []) };
}

type Details = Omit<AdminWorkspace, Exclude<keyof Workspace, 'id'>>;

async function addDetails(
  ctx: PlatformContext,
  workspaces: readonly Workspace[],
): Promise<AdminWorkspace[]> {
  const ids = workspaces.map((workspace) => workspace.id);
  const rows = await ctx.db.query<Details>(listDetails(ids, ctx.clock.now()));
  const details = new Map(rows.map((row) => [row.id, row]));
  return workspaces.flatMap((workspace) => {
    const found = details.get(workspace.id);
    return found === undefined ? [] : [{ ...workspace, ...found }];
  });
}
