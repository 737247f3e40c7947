import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import type { Statement } from '../db/sql.ts';
import { findViolations, type Violation } from './invariants.ts';
import {
  deleteReservationsOfEndedJobs,
  endStrandedJobs,
  forgetDays,
  listStrandedJobs,
  lockForRepair,
  recomputeActorRollup,
  recomputeCounters,
  recomputeRecords,
  recomputeTypeRollup,
  requeueStrandedJobs,
} from './repair-sql.ts';

/** What a repair changed. Ids are those of jobs. */
export interface Repair {
  readonly reservations_removed: readonly string[];
  readonly jobs_requeued: readonly string[];
  readonly jobs_failed: readonly string[];
  /** Rows of the counters, the current period and closed ones. */
  readonly counters_corrected: number;
  readonly rollup_rows_corrected: number;
}

/** Whether a repair can mend it: events and succeeded jobs are what it goes by and never touches. */
export function isRepairable({ kind }: Violation): boolean {
  return kind !== 'counted_job' && kind !== 'bill' && kind !== 'limit';
}

const interrupted = {
  code: 'interrupted',
  detail: 'The conversion was interrupted and is not counted. Please try again.',
  retryable: true,
};

/**
 * Makes counters and rollups of the organization say what its events and reservations say, takes
 * away reservations of jobs that are over, and brings jobs back that nothing could ever complete
 * (queued again, or failed as `interrupted`). Under the organization's lock, in one transaction, with
 * an entry in its audit log. Events, succeeded jobs and invoices stay as they are.
 *
 * Null: nothing was wrong any more once the lock was held, or nothing of it can be mended.
 */
export async function repairUsage(ctx: Context): Promise<Repair | null> {
  const { id } = ctx.organization;
  const asOf = ctx.clock.now();
  return ctx.db.transaction(async (tx) => {
    await tx.query(lockForRepair(id, asOf));
    const found = (await findViolations(tx, id)).filter(isRepairable);
    if (found.length === 0) return null;
    const repair = await mend(tx, id, asOf);
    await appendAudit(tx, ctx, {
      action: 'usage.repaired',
      target: { kind: 'workspace', id },
      before: { findings: found.map((violation) => violation.detail) },
      after: repair,
      reason: 'The ledger did not add up',
    });
    return repair;
  });
}

async function mend(tx: Queryable, id: string, asOf: Date): Promise<Repair> {
  const idsOf = async (statement: Statement) =>
    (await tx.query<{ id: string }>(statement)).map((row) => row.id);
  const removed = await idsOf(deleteReservationsOfEndedJobs(id));
  const recount = async () => [
    ...(await idsOf(recomputeCounters(id))),
    ...(await idsOf(recomputeRecords(id))),
  ];
  // Ending a job takes from the counters, so they must be right before, too.
  const corrected = await recount();
  const stranded = await tx.query<{ id: string; can_be_queued: boolean }>(listStrandedJobs(id));
  const requeued = stranded.filter((job) => job.can_be_queued).map((job) => job.id);
  const failed = stranded.filter((job) => !job.can_be_queued).map((job) => job.id);
  await tx.query(requeueStrandedJobs(id, requeued));
  await tx.query(endStrandedJobs(id, failed, interrupted, asOf));
  corrected.push(...(await recount()));
  const rollupRows = [
    ...(await idsOf(recomputeTypeRollup(id))),
    ...(await idsOf(recomputeActorRollup(id))),
  ];
  if (rollupRows.length > 0) await tx.query(forgetDays(id));
  return {
    reservations_removed: removed,
    jobs_requeued: requeued,
    jobs_failed: failed,
    counters_corrected: new Set(corrected).size,
    rollup_rows_corrected: rollupRows.length,
  };
}
