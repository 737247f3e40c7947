import { sql } from '../../db/sql.ts';
import type { Completion, Decision, Release } from '../../metering/schema.ts';
import {
  admitBatch,
  completeBatch,
  releaseBatch,
  renewLeases,
  sweepExpiredLeases,
} from '../../metering/sql.ts';
import { claimJobs, keepRunning } from '../../conversions/sql.ts';
import { admitCall, completeCall, releaseCall } from '../../test/calls.ts';
import { admitModel, type ModelCall } from './admission.ts';
import { expectAgreement } from './agreement.ts';
import { changeSettings } from './change-settings.ts';
import {
  claimModel,
  completeModel,
  countHeld,
  limitsOf,
  lock,
  type ModelJob,
  organizationOf,
  releaseModel,
  sweepModel,
} from './model.ts';
import type { Step } from './steps.ts';
import { newJobId, pickJob, pickJobs, type World } from './world.ts';

const leaseSeconds = 600;
const hourMs = 3_600_000;

/** Does one step in the database and in the model, and holds the answers against each other. */
export async function runStep(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case 'admit':
      return admit(world, step);
    case 'claim':
      return claim(world, step.jobsMax);
    case 'complete':
      return complete(world, step);
    case 'release':
      return release(world, step);
    case 'renew':
      return renew(world, pickJob(world, step.job));
    case 'worker dies':
      return expireLeases(world, pickJobs(world, step.jobs));
    case 'unit expires':
      return expireUnit(world, pickJob(world, step.job));
    case 'sweep':
      await world.db.query(sweepExpiredLeases(world.model.attemptsMax, world.clock.now()));
      return sweepModel(world.model, new Set(world.model.organizations.keys()));
    case 'keep running':
      return keep(world, pickJob(world, step.job));
    case 'time passes':
      world.clock.advance(step.hours * hourMs);
      world.model.nowMs += step.hours * hourMs;
      return;
    case 'delays end':
      return endDelays(world);
    case 'override':
    case 'clear override':
    case 'plan':
    case 'policy':
    case 'key limit':
    case 'suspension':
      return changeSettings(world, step);
  }
}

async function admit(world: World, step: Step & { do: 'admit' }): Promise<void> {
  const { model, contexts, keyIds } = world;
  const calls = step.calls.map((call): ModelCall => {
    const known = call.again === null ? undefined : pickJob(world, call.again);
    return {
      ...call,
      mode: call.kind === 'external' ? 'sync' : call.mode,
      jobId: known?.id ?? newJobId(),
      organization: known?.organization ?? call.organization,
    };
  });
  const wire = calls.map((call) =>
    admitCall(contexts[call.organization]?.organization.id ?? '', {
      jobId: call.jobId,
      kind: call.kind,
      mode: call.mode,
      type: call.type,
      sizeBytes: call.sizeBytes,
      apiKeyId: call.key === null ? null : (keyIds[call.organization]?.[call.key] ?? null),
      leaseSeconds,
      unitSeconds: call.kind === 'external' ? 86_400 : null,
    }),
  );
  const asOf = world.clock.now();
  const rows = await world.db.query<Decision>(admitBatch(wire, { ...model, asOf }));
  const expected = admitModel(model, calls);
  const told = rows.map((row) => ({
    verdict: row.verdict,
    monthlyLimit: row.monthly_limit,
    used: row.used,
    reserved: row.verdict.startsWith('allowed') ? row.reserved : null,
  }));
  const wanted = expected.map((one) => ({
    ...one,
    reserved: one.verdict.startsWith('allowed') ? one.reserved : null,
  }));
  expectAgreement('verdicts', told, wanted);
  for (const row of rows) expectWithinLimit(row);
  const given = calls.filter(
    (call, index) => call.mode === 'sync' && expected[index]?.verdict.startsWith('allowed'),
  );
  expectSlotsWithinLimit(world, new Set(given.map((call) => call.organization)));
}

/** Invariant 3, by the numbers that the caller was told. */
function expectWithinLimit(row: Decision): void {
  if (row.verdict !== 'allowed' || row.overage_policy !== 'block') return;
  if (row.monthly_limit === null) return;
  const taken = row.used + row.reserved + 1;
  if (taken > row.monthly_limit) throw new Error(`allowed ${taken} of ${row.monthly_limit} units`);
}

/** Invariant 4: where a slot was just given, all that are taken are within the limit. */
function expectSlotsWithinLimit({ model }: World, numbers: Iterable<number>): void {
  for (const number of numbers) {
    const { concurrent } = limitsOf(model, number);
    const active = countHeld(model, number, 'running');
    if (concurrent !== null && active > concurrent) {
      throw new Error(`${active} active of ${concurrent} after a slot was given`);
    }
  }
}

async function claim(world: World, jobsMax: number): Promise<void> {
  const { db, clock, model } = world;
  const rows = await db.query<{ id: string }>(claimJobs(jobsMax, '', leaseSeconds, clock.now()));
  const waiting = model.organizations.flatMap((_, number) =>
    model.jobs.some((job) => job.organization === number && job.held === 'queued') ? [number] : [],
  );
  for (const number of waiting) lock(model, number);
  const expected = claimModel(model, jobsMax);
  expectAgreement('claimed jobs', rows.map((row) => row.id).toSorted(), expected.toSorted());
  const given = model.jobs.filter((job) => expected.includes(job.id));
  expectSlotsWithinLimit(world, new Set(given.map((job) => job.organization)));
}

async function complete(world: World, step: Step & { do: 'complete' }): Promise<void> {
  const picked = step.items.map((item) => ({ ...item, model: pickJob(world, item.job) }));
  const unique = picked.filter(
    (item, index) => picked.findIndex((other) => other.model === item.model) === index,
  );
  const items = unique.flatMap(({ model: job, stale, twice }) => {
    if (job === undefined) return [];
    const item = { job, fence: stale ? job.fence - 1 : job.fence };
    return twice ? [item, item] : [item];
  });
  if (items.length === 0) return;
  const calls = items.map(({ job, fence }) =>
    completeCall(organizationOf(world.model, job.organization).id, job.id, { fence }),
  );
  const rows = await world.db.query<Completion>(completeBatch(calls, world.clock.now()));
  const expected = items.map(({ job, fence }) => ({
    job: job.id,
    result: completeModel(world.model, job, fence),
  }));
  const told = rows.map((row) => ({ job: items[row.ordinal - 1]?.job.id, result: row.result }));
  // Which of two equal calls of a batch counts, and which hears "already", is open.
  const inOrder = (list: { job: string | undefined; result: string }[]) =>
    list.map(({ job, result }) => `${job} ${result}`).toSorted();
  expectAgreement('completions', inOrder(told), inOrder(expected));
}

async function release(world: World, step: Step & { do: 'release' }): Promise<void> {
  const items = step.items.flatMap(({ job: number, fence, status }) => {
    const job = pickJob(world, number);
    if (job === undefined) return [];
    const given = { current: job.fence, stale: job.fence - 1, any: null }[fence];
    // Only our own asynchronous jobs are ever put back into the queue.
    const isOurs = job.kind === 'conversion' && job.mode === 'async';
    return [{ job, fence: given, status: status === 'retry' && !isOurs ? 'failed' : status }];
  });
  if (items.length === 0) return;
  const calls = items.map(({ job, fence, status }) =>
    releaseCall(organizationOf(world.model, job.organization).id, job.id, { fence, status }),
  );
  const rows = await world.db.query<Release>(releaseBatch(calls, world.clock.now()));
  const expected = items.map(({ job, fence, status }) => releaseModel(job, fence, status));
  expectAgreement(
    'releases',
    rows.map((row) => row.result),
    expected,
  );
  // The delay is wall time: it lasts until the history says that it is over.
  const delayed = world.model.jobs.filter((job) => job.delayed).map((job) => job.id);
  await world.db.query(sql`UPDATE active_conversions SET not_before = 'infinity'
    WHERE job_id = ANY (${delayed}::text[])`);
}

async function renew(world: World, job: ModelJob | undefined): Promise<void> {
  if (job === undefined) return;
  const organizationId = organizationOf(world.model, job.organization).id;
  const attempt = { organizationId, jobId: job.id, fence: job.fence };
  const rows = await world.db.query(renewLeases([attempt], leaseSeconds));
  const isRunning = job.held === 'running' && job.status === 'processing';
  if (isRunning) job.leaseExpired = false;
  expectAgreement('renewed leases', rows.length, isRunning ? 1 : 0);
}

async function expireLeases({ db }: World, jobs: readonly ModelJob[]): Promise<void> {
  const running = jobs.filter((job) => job.held === 'running');
  for (const job of running) job.leaseExpired = true;
  await db.query(sql`UPDATE active_conversions
    SET lease_expires_at = clock_timestamp() - interval '1 second'
    WHERE job_id = ANY (${running.map((job) => job.id)}::text[])`);
}

async function expireUnit({ db }: World, job: ModelJob | undefined): Promise<void> {
  if (job?.kind !== 'external' || job.held === null) return;
  job.unitExpired = true;
  await db.query(sql`UPDATE active_conversions
    SET unit_expires_at = clock_timestamp() - interval '1 second' WHERE job_id = ${job.id}`);
}

async function keep(world: World, job: ModelJob | undefined): Promise<void> {
  if (job === undefined || job.kind === 'external') return;
  await world.db.query(keepRunning(organizationOf(world.model, job.organization).id, job.id));
  if (job.status === 'queued' || job.status === 'processing') job.mode = 'async';
}

async function endDelays({ db, model }: World): Promise<void> {
  const delayed = model.jobs.filter((job) => job.delayed);
  for (const job of delayed) job.delayed = false;
  await db.query(sql`UPDATE active_conversions SET not_before = NULL
    WHERE job_id = ANY (${delayed.map((job) => job.id)}::text[])`);
}
