import type { Context, PlatformContext } from '../context.ts';
import type { List, ListQuery } from '../http/list.ts';
import { findOrganization, listWorkspaces } from '../organizations/organizations.ts';
import type { Workspace } from '../organizations/schema.ts';
import type { AdminWorkspace } from './schema.ts';
import { listDetails } from './sql.ts';

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
 * A page of all workspaces, newest first.
 *
 * @param search a part of the name or slug, or an id
 */
export async function listAdminWorkspaces(
  ctx: PlatformContext,
  page: ListQuery,
  search: string | undefined,
): Promise<List<AdminWorkspace>> {
  const list = await listWorkspaces(ctx, page, { kind: 'all', search: search ?? null });
  return { ...list, data: await addDetails(ctx, list.data) };
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
