import type { Queryable } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { findViolations } from '../../metering/invariants.ts';
import type { Request } from './load.ts';

interface JobState {
  id: string;
  tag: string;
  status: string;
  events: number;
}

const terminal = new Set(['succeeded', 'failed', 'cancelled']);

/** Every answer that was acknowledged, against what the database says now; each finding in words. */
export async function auditAnswers(
  db: Queryable,
  workspaceId: string,
  requests: readonly Request[],
): Promise<string[]> {
  const jobs = await db.query<JobState>(sql`SELECT j.id, j.metadata ->> 'tag' AS tag, j.status,
      (SELECT count(*) FROM usage_events e
       WHERE e.organization_id = j.organization_id AND e.job_id = j.id) AS events
    FROM jobs j WHERE j.organization_id = ${workspaceId}`);
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const byTag = Map.groupBy(jobs, (job) => job.tag);
  const findings: string[] = [];
  for (const request of requests) {
    for (const { status, jobId } of request.answers) {
      if (status !== 201 && status !== 202) continue;
      const job = byId.get(jobId ?? '');
      const what = `${request.tag}, answered ${status} for ${jobId}`;
      if (job === undefined) findings.push(`${what}: there is no such job`);
      else if (status === 201 && job.status !== 'succeeded')
        findings.push(`${what}: ${job.status}`);
      else if (!terminal.has(job.status)) findings.push(`${what}: still ${job.status}`);
    }
    // A job that failed by our fault gives its key back: the next try makes another.
    const own = (byTag.get(request.tag) ?? []).filter(({ status }) => status !== 'failed');
    if (own.length > 1) {
      const named = own.map(({ id, status }) => `${id} ${status}`).join(', ');
      findings.push(`${request.tag} became ${named}`);
    }
    // Nothing that is sent here is malformed: a 400 would blame the client for our own outage.
    for (const { status } of request.answers) {
      if (status === 400 || status === 500) findings.push(`${request.tag} was answered ${status}`);
    }
  }
  for (const job of jobs) {
    const expected = job.status === 'succeeded' ? 1 : 0;
    if (job.events !== expected) {
      findings.push(`${job.tag} (${job.id}) is ${job.status} and was counted ${job.events} times`);
    }
  }
  const violations = await findViolations(db, workspaceId);
  return [...findings, ...violations.map((one) => `invariant ${one.invariant}: ${one.detail}`)];
}

/** Whether no slot and no unit is held any more. */
export async function isDrained(db: Queryable, workspaceId: string): Promise<boolean> {
  const [row] = await db.query<{ held: number }>(
    sql`SELECT active + queued + reserved AS held FROM usage_counters
        WHERE organization_id = ${workspaceId}`,
  );
  return (row?.held ?? 0) === 0;
}

/** Whether somebody holds a slot whose lease ended long enough ago for a sweep to have come by. */
export async function holdsDeadSlots(db: Queryable, workspaceId: string): Promise<boolean> {
  const rows = await db.query(sql`SELECT FROM active_conversions
    WHERE organization_id = ${workspaceId} AND state = 'running'
      AND lease_expires_at <= clock_timestamp() - interval '10 seconds'`);
  return rows.length > 0;
}

/** As if a minute had passed: what a dead server had claimed may be taken over. */
export async function lapseIdempotencyClaims(db: Queryable): Promise<void> {
  await db.query(sql`UPDATE idempotency_keys SET lease_expires_at = clock_timestamp()
    WHERE response_status IS NULL`);
}

/** What is still held, for the report of a failure. */
export async function describeHeld(db: Queryable, workspaceId: string): Promise<string> {
  const rows = await db.query(sql`SELECT a.state, j.mode, count(*),
      min(a.lease_expires_at) AS first_lease_end, clock_timestamp() AS now
    FROM active_conversions a
    JOIN jobs j ON j.organization_id = a.organization_id AND j.id = a.job_id
    WHERE a.organization_id = ${workspaceId} GROUP BY 1, 2`);
  return `is held: ${JSON.stringify(rows)}`;
}
