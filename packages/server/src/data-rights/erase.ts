import type { Context } from '../context.ts';
import type { ConversionDeps } from '../conversions/deps.ts';
import { cancelJob } from '../conversions/jobs.ts';
import { newId } from '../ids.ts';
import { purgeEnded } from './purge-now.ts';
import {
  eraseAuditEntry,
  eraseOrganizationRows,
  listAuditToErase,
  listLiveJobs,
  listOrganizationsToErase,
  updateErased,
} from './sql.ts';

const workspacePage = 100;
const auditPage = 200;

/**
 * Finishes the deletion of workspaces: ends what still runs, deletes the files, takes what people
 * wrote out of every row and out of the audit log, whose hashes stay whole. Every step can be done
 * again, so a process that dies on the way is followed by another one. One that fails is told in the
 * log and holds up no other.
 *
 * @returns how many it went through
 */
export async function eraseDeletedWorkspaces(conversions: ConversionDeps): Promise<number> {
  let seen = 0;
  for (let after = ''; ;) {
    const statement = listOrganizationsToErase(after, workspacePage);
    const page = await conversions.db.query<{ id: string }>(statement);
    for (const { id } of page) await tryToErase(conversions, id);
    seen += page.length;
    if (page.length < workspacePage) return seen;
    after = page.at(-1)?.id ?? after;
  }
}

async function tryToErase(conversions: ConversionDeps, id: string): Promise<void> {
  const { db, clock, log } = conversions;
  const actor = { kind: 'system', id: 'erasure' } as const;
  const platform = { db, clock, log, actor, requestId: newId('req', Date.now()) };
  try {
    await eraseWorkspace({ ...platform, organization: { id } }, conversions);
  } catch (error) {
    log.warn({ err: error, organizationId: id }, 'a deleted workspace was not erased');
  }
}

async function eraseWorkspace(ctx: Context, conversions: ConversionDeps): Promise<void> {
  const { id } = ctx.organization;
  const live = await ctx.db.query<{ id: string }>(listLiveJobs(id));
  for (const job of live) await cancelJob(ctx, conversions, job.id);
  await purgeEnded(ctx, conversions);
  for (let isDone = false; !isDone;) {
    const [row] = await ctx.db.query<{ is_done: boolean }>(eraseOrganizationRows(id));
    isDone = row?.is_done ?? true;
  }
  await eraseAudit(ctx);
  // What began before the deletion may have added a row since: then the next round takes it.
  if (live.length === 0) await ctx.db.query(updateErased(id, ctx.clock.now()));
}

async function eraseAudit(ctx: Context): Promise<void> {
  const { id } = ctx.organization;
  for (;;) {
    const page = await ctx.db.query<{ id: string }>(listAuditToErase(id, auditPage));
    for (const entry of page) {
      const asOf = ctx.clock.now();
      await ctx.db.query(eraseAuditEntry(id, entry.id, newId('aud', asOf.getTime()), asOf));
    }
    if (page.length < auditPage) return;
  }
}
