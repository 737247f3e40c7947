import type { ManualClock } from '../../clock.ts';
import { claimJobs } from '../../conversions/sql.ts';
import type { Pool } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { newId } from '../../ids.ts';
import type { Metering } from '../../metering/metering.ts';
import { renewLeases, sweepExpiredLeases } from '../../metering/sql.ts';
import { admitCall, completeCall, releaseCall } from '../../test/calls.ts';
import type { Random } from '../random.ts';
import type { Ledger } from './ledger.ts';

export interface Arena {
  readonly db: Pool;
  readonly clock: ManualClock;
  readonly ledger: Ledger;
  readonly organizations: readonly { id: string; keyId: string }[];
  /** Attempts that anybody may complete, cancel or lose; the latest ones. */
  readonly attempts: Attempt[];
}

export interface Attempt {
  readonly organizationId: string;
  readonly jobId: string;
  readonly fence: number;
}

const attemptsMax = 3;
const leaseSeconds = 60;
const attemptsKeptMax = 64;

/** One call of one client; which one, the dice say. */
export async function callOnce(arena: Arena, metering: Metering, random: Random): Promise<void> {
  const dice = random.next();
  arena.ledger.calls += 1;
  if (dice < 0.5) return admit(arena, metering, random);
  const index = random.below(arena.attempts.length);
  const attempt = arena.attempts[index];
  if (attempt === undefined) return admit(arena, metering, random);
  if (dice < 0.86) {
    // Kept sometimes, so that another client completes, cancels or loses it once more.
    if (random.chance(0.7)) arena.attempts.splice(index, 1);
    return complete(arena, metering, attempt, random);
  }
  if (dice < 0.95) return release(arena, metering, attempt, random);
  if (dice < 0.97) return claim(arena, random);
  if (dice < 0.985) return loseLease(arena, attempt);
  if (dice < 0.99) {
    await arena.db.query(sweepExpiredLeases(attemptsMax, arena.clock.now()));
    return;
  }
  await arena.db.query(renewLeases([attempt], leaseSeconds));
}

function keep(arena: Arena, attempt: Attempt): void {
  arena.attempts.push(attempt);
  if (arena.attempts.length > attemptsKeptMax) arena.attempts.shift();
}

async function admit(arena: Arena, metering: Metering, random: Random): Promise<void> {
  const organization = random.pick(arena.organizations);
  if (organization === undefined) return;
  const mode = random.chance(0.7) ? 'sync' : 'async';
  const call = admitCall(organization.id, {
    jobId: newId('job', Date.now()),
    mode,
    kind: mode === 'sync' && random.chance(0.1) ? 'external' : 'conversion',
    type: random.chance(0.5) ? 'CSV_TO_JSON' : 'XLSX_TO_CSV',
    apiKeyId: random.chance(0.5) ? organization.keyId : null,
    leaseSeconds: random.chance(0.05) ? 0 : leaseSeconds,
    unitSeconds: 3_600,
  });
  const decision = await (random.chance(0.5) ? metering.admit(call) : metering.admitDurably(call));
  arena.ledger.decided(call.jobId, decision, mode);
  if (!decision.verdict.startsWith('allowed')) return;
  keep(arena, { organizationId: organization.id, jobId: call.jobId, fence: 1 });
  // The same call once more, as after a lost answer.
  if (random.chance(0.1) && (await metering.admit(call)).verdict !== 'duplicate') {
    arena.ledger.mistakes.push(`${call.jobId}: admitted twice`);
  }
}

async function complete(
  arena: Arena,
  metering: Metering,
  attempt: Attempt,
  random: Random,
): Promise<void> {
  const { organizationId, jobId } = attempt;
  const fence = random.chance(0.1) ? attempt.fence - 1 : attempt.fence;
  const call = completeCall(organizationId, jobId, { fence });
  const times = random.chance(0.2) ? 2 : 1;
  const completions = await Promise.all(
    Array.from({ length: times }, () => metering.complete(call)),
  );
  for (const completion of completions) arena.ledger.completed(jobId, completion);
}

async function release(
  arena: Arena,
  metering: Metering,
  attempt: Attempt,
  random: Random,
): Promise<void> {
  const { organizationId, jobId } = attempt;
  const status = random.pick(['failed', 'cancelled'] as const) ?? 'failed';
  const fence = random.chance(0.3) ? null : attempt.fence;
  const answer = await metering.release(releaseCall(organizationId, jobId, { fence, status }));
  arena.ledger.released(jobId, answer, status);
}

async function claim(arena: Arena, random: Random): Promise<void> {
  const statement = claimJobs(1 + random.below(4), '', leaseSeconds, arena.clock.now());
  const jobs = await arena.db.query<{ organization_id: string; id: string; fence: number }>(
    statement,
  );
  for (const { organization_id: organizationId, id, fence } of jobs) {
    keep(arena, { organizationId, jobId: id, fence });
  }
}

/** Its worker is gone: whoever looks next may take the slot. */
async function loseLease(arena: Arena, { organizationId, jobId }: Attempt): Promise<void> {
  await arena.db.query(sql`UPDATE active_conversions
    SET lease_expires_at = clock_timestamp() - interval '1 second'
    WHERE organization_id = ${organizationId} AND job_id = ${jobId} AND state = 'running'`);
}
