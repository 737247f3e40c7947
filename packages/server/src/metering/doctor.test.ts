import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql, type Statement } from '../db/sql.ts';
import { admitCall, completeCall, meteringOn } from '../test/calls.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { describeDiagnosis } from './describe-diagnosis.ts';
import { diagnose, type Diagnosis } from './doctor.ts';
import { findViolations } from './invariants.ts';

let database: TestDatabase;
let scene: Scene;
const clock = new ManualClock('2027-03-10T12:00:00Z');
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  scene = await scenario(database.db, clock).organization('Acme').used(3).queued(2).create();
});

const examine = (fix: boolean): Promise<Diagnosis> =>
  diagnose(
    { ...scene.ctx, actor: { kind: 'system', id: 'doctor' } },
    { checks: [findViolations], fix },
  );
const damage = (statement: Statement) => database.owner.query(statement);
const whereOurs = () => sql`WHERE organization_id = ${scene.organizationId}`;
const reportOf = (diagnosis: Diagnosis) =>
  diagnosis.workspaces.find((report) => report.workspace_id === scene.organizationId);

/** How each kind is explained to whoever runs the doctor. */
const explanations: Readonly<Record<string, string>> = {
  counters: 'The counter that admission decides by differs from the conversions that were counted',
  rollup: 'A sum behind the charts and key limits differs from the usage events.',
  reserved: 'Units are held that no running or waiting job holds',
  slots: 'Slots are counted as taken that no job has',
  live_job: 'A job and its reservation tell different stories',
};

/** Each kind of damage that can be mended, with the kind it is found as. */
const mendable: readonly [string, () => Statement, string][] = [
  [
    'a counter of used conversions',
    () => sql`UPDATE usage_counters SET used = used + 1, overage = 1 ${whereOurs()}`,
    'counters',
  ],
  [
    'money that was accrued',
    () => sql`UPDATE usage_counters SET overage_accrued = 0.02 ${whereOurs()}`,
    'counters',
  ],
  [
    'a closed period',
    () => sql`INSERT INTO usage_records VALUES (${scene.organizationId}, '2027-02-10T12:00Z',
      '2027-03-10T12:00Z', 2, 2027, 7, 0, 1, 0, 0)`,
    'counters',
  ],
  [
    'the rollup by type',
    () => sql`UPDATE usage_hourly SET conversions = 9, duration_ms = 1 ${whereOurs()}`,
    'rollup',
  ],
  ['a rollup row that is gone', () => sql`DELETE FROM usage_hourly ${whereOurs()}`, 'rollup'],
  [
    'the rollup by actor',
    () => sql`UPDATE api_key_usage SET bytes_in = 9 ${whereOurs()}`,
    'rollup',
  ],
  [
    'reserved units',
    () => sql`UPDATE usage_counters SET reserved = 40, overage_reserved = 1 ${whereOurs()}`,
    'reserved',
  ],
  [
    'slots that nobody has',
    () => sql`UPDATE usage_counters SET active = 1, queued = 0 ${whereOurs()}`,
    'slots',
  ],
  [
    'a reservation of a job that is over',
    () => sql`UPDATE jobs SET status = 'cancelled' ${whereOurs()} AND id = ${scene.jobIds[0]}`,
    'live_job',
  ],
  [
    'a reservation of a job that is not there',
    () => sql`DELETE FROM jobs ${whereOurs()} AND id = ${scene.jobIds[0]}`,
    'live_job',
  ],
  [
    'a job without its reservation',
    () => sql`DELETE FROM active_conversions ${whereOurs()} AND job_id = ${scene.jobIds[0]}`,
    'live_job',
  ],
  [
    'a waiting job whose reservation says it runs',
    () => sql`UPDATE active_conversions SET state = 'running' ${whereOurs()}`,
    'live_job',
  ],
  ['the whole hot row', () => sql`DELETE FROM usage_counters ${whereOurs()}`, 'counters'],
];

describe('the doctor', () => {
  it.each(mendable)('finds, explains and mends damage to %s', async (_, makeDamage, kind) => {
    await damage(makeDamage());
    const found = await examine(false);
    expect(found.healthy).toBe(false);
    expect(reportOf(found)?.findings.map((finding) => finding.kind)).toContain(kind);
    expect(describeDiagnosis(found)).toContain(explanations[kind]);
    const mended = await examine(true);
    expect(mended.healthy).toBe(true);
    expect(reportOf(mended)).toMatchObject({ remaining: [] });
    expect(describeDiagnosis(mended)).toContain('✓ mended');
    await expectInvariants(database.db, scene.organizationId);
    expect(await examine(true)).toMatchObject({ healthy: true, workspaces: [] });
  });

  it('lets work go on after a mend: a job queued again is admitted nothing twice', async () => {
    await damage(sql`UPDATE active_conversions SET state = 'running' ${whereOurs()}`);
    const { repair } = reportOf(await examine(true)) ?? {};
    expect(repair?.jobs_requeued).toHaveLength(2);
    const jobs = await database.db.query<{ status: string; fence: number }>(
      sql`SELECT status, fence FROM jobs ${whereOurs()} AND id = ANY (${scene.jobIds}::text[])`,
    );
    expect(jobs).toEqual([
      { status: 'queued', fence: 2 },
      { status: 'queued', fence: 2 },
    ]);
  });

  it('writes what it mended into the audit log, and leaves events alone', async () => {
    const before = await database.db.query(sql`SELECT * FROM usage_events ${whereOurs()}`);
    await damage(sql`UPDATE usage_counters SET used = 50 ${whereOurs()}`);
    await examine(true);
    expect(await database.db.query(sql`SELECT * FROM usage_events ${whereOurs()}`)).toEqual(before);
    const [entry] = await database.db.query<{ actor_id: string; payload: object }>(
      sql`SELECT actor_id, payload FROM audit_log ${whereOurs()} AND action = 'usage.repaired'`,
    );
    expect(entry).toMatchObject({
      actor_id: 'doctor',
      payload: { after: { counters_corrected: 1, rollup_rows_corrected: 0 } },
    });
  });

  it('reports a succeeded job without its event, and changes nothing', async () => {
    await damage(sql`DELETE FROM usage_events ${whereOurs()} AND job_id = (
      SELECT min(job_id) FROM usage_events ${whereOurs()})`);
    const diagnosis = await examine(true);
    expect(diagnosis.healthy).toBe(false);
    expect(reportOf(diagnosis)?.remaining).toMatchObject([
      { kind: 'counted_job', invariant: 5, repairable: false },
    ]);
    expect(describeDiagnosis(diagnosis)).toContain('needs a person');
    await damage(sql`UPDATE jobs SET status = 'failed', counted = false ${whereOurs()}
      AND status = 'succeeded' AND NOT EXISTS (SELECT FROM usage_events e WHERE e.job_id = jobs.id)`);
  });

  it('names the entry of an audit chain that was altered', async () => {
    const { organizationId } = scene;
    await database.owner.transaction(async (tx) => {
      await tx.query(sql`ALTER TABLE audit_log DISABLE TRIGGER audit_log_unchanged`);
      await tx.query(
        sql`UPDATE audit_log SET actor_id = 'somebody' ${whereOurs()} AND sequence = 1`,
      );
      await tx.query(sql`ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_unchanged`);
    });
    const diagnosis = await examine(true);
    const ours = diagnosis.broken_audit_chains.filter((one) => one.chain_id === organizationId);
    expect(ours).toEqual([{ chain_id: organizationId, sequence: 1, problem: 'altered' }]);
    expect(describeDiagnosis(diagnosis)).toContain('entry 1 is not what was written');
  });
});

describe('the doctor beside traffic', () => {
  it('raises no false alarm about a healthy database', async () => {
    const busy = await scenario(database.db, clock).organization().plan('enterprise').create();
    const metering = meteringOn(database.db, clock);
    const over = new AbortController();
    const client = async () => {
      while (!over.signal.aborted) {
        const call = admitCall(busy.organizationId);
        await metering.admit(call);
        await metering.complete(completeCall(busy.organizationId, call.jobId));
      }
    };
    const clients = Array.from({ length: 16 }, client);
    const diagnoses: Diagnosis[] = [];
    for (let round = 0; round < 10; round++) diagnoses.push(await examine(true));
    over.abort();
    await Promise.all(clients);
    expect(diagnoses.flatMap((diagnosis) => diagnosis.workspaces)).toEqual([]);
    const [row] = await database.db.query<{ used: number }>(
      sql`SELECT used FROM usage_counters WHERE organization_id = ${busy.organizationId}`,
    );
    expect(row?.used).toBeGreaterThan(50);
  });
});
