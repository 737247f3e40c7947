import type { Context } from '../context.ts';
import { appendAudit } from '../audit/audit.ts';
import type { ConversionDeps } from '../conversions/deps.ts';
import { purgeJob } from '../conversions/jobs.ts';
import { listJobsWithFiles } from './sql.ts';

/**
 * Deletes the bytes of every conversion that has ended, whatever the workspace's retention says; what
 * was counted stays counted. Conversions that wait or run keep theirs.
 *
 * @returns how many conversions lost their files
 */
export async function purgeNow(
  ctx: Context,
  conversions: ConversionDeps,
): Promise<{ object: 'purge'; purged: number }> {
  const purged = await purgeEnded(ctx, conversions);
  await ctx.db.transaction((tx) =>
    appendAudit(tx, ctx, {
      action: 'workspace.purged',
      target: { kind: 'workspace', id: ctx.organization.id },
      before: null,
      after: { purged },
    }),
  );
  return { object: 'purge', purged };
}

/** The same without a word in the log. */
export async function purgeEnded(ctx: Context, conversions: ConversionDeps): Promise<number> {
  let purged = 0;
  let after = '';
  for (;;) {
    const statement = listJobsWithFiles(ctx.organization.id, after);
    const page: { id: string }[] = await ctx.db.query<{ id: string }>(statement);
    for (const { id } of page) await purgeJob(ctx, conversions, id);
    purged += page.length;
    after = page.at(-1)?.id ?? '';
    if (page.length === 0) return purged;
  }
}
