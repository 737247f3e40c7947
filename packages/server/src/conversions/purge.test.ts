import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { newId } from '../ids.ts';
import { admitCall, completeCall } from '../test/calls.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { quietLog } from '../test/server.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
import { inputKey, outputKey } from './files/storage.ts';
import { Purger } from './purge.ts';

const hourMs = 3_600_000;
const clock = new ManualClock('2026-11-23T10:00:00Z');
let tested: TestService;
beforeAll(async () => {
  tested = await startTestService({ clock });
});
afterAll(() => tested.close());

describe('the purge', () => {
  it('deletes files when their retention is over, keeps the usage, and does so once', async () => {
    const { db, storage } = tested.service.conversions;
    const owner = await scenario(db, clock).organization().create();
    const conversions = `/v1/workspaces/${owner.organizationId}/conversions`;
    const response = await tested.fetch(conversions, {
      method: 'POST',
      key: owner.apiKey,
      body: form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' }),
    });
    const job = (await response.json()) as { id: string; output: { expires_at: string } };
    expect(job.output.expires_at).toBe('2026-11-24T10:00:00.000Z');
    const purger = new Purger({ db, clock, log: quietLog, storage });
    clock.advance(23 * hourMs);
    expect(await purger.purge()).toBe(0);
    const output = `${conversions}/${job.id}/output`;
    expect((await tested.fetch(output, { key: owner.apiKey })).status).toBe(200);
    clock.advance(2 * hourMs);
    expect((await tested.fetch(output, { key: owner.apiKey })).status).toBe(410);
    expect(await purger.purge()).toBe(1);
    expect(await readdir(join(tested.dataFolder, 'files', 'segments'))).toEqual([]);
    expect(await purger.purge()).toBe(0);
    const after = await tested.fetch(`${conversions}/${job.id}`, { key: owner.apiKey });
    expect(await after.json()).toMatchObject({
      status: 'expired',
      output: null,
      usage: { counted: true },
    });
    await expectInvariants(db, owner.organizationId);
  });

  it('keeps the output of a job that waited long for as long as was promised', async () => {
    const { db, storage, metering } = tested.service.conversions;
    const owner = await scenario(db, clock).organization().create();
    const { organizationId } = owner;
    const purger = new Purger({ db, clock, log: quietLog, storage });
    const call = admitCall(organizationId, { jobId: newId('job', clock.now().getTime()) });
    await metering.admit(call);
    clock.advance(20 * hourMs);
    const place = await storage.put(
      outputKey(organizationId, call.jobId, 1),
      { bytes: Buffer.from('late') },
      null,
    );
    const expires = new Date(clock.now().getTime() + 24 * hourMs).toISOString();
    const output = { filename: 'a', size_bytes: 4, media_type: 'text/csv', sha256: 'x' };
    await metering.complete(
      completeCall(organizationId, call.jobId, {
        output: { ...output, place, expires_at: expires },
      }),
    );
    clock.advance(20 * hourMs);
    await purger.purge();
    const path = `/v1/workspaces/${organizationId}/conversions/${call.jobId}/output`;
    const kept = await tested.fetch(path, { key: owner.apiKey });
    expect([kept.status, await kept.text()]).toEqual([200, 'late']);
    clock.advance(5 * hourMs);
    await purger.purge();
    expect(await storage.open(place)).toBeNull();
    await expectInvariants(db, organizationId);
  });

  it('sweeps old inputs that no job waits for, half-written ones too, and no others', async () => {
    const { db, storage, metering } = tested.service.conversions;
    const owner = await scenario(db, clock).organization().create();
    const { organizationId } = owner;
    const ids = Array.from({ length: 4 }, () => newId('job', Date.now()));
    const [waiting = '', orphan = '', ended = '', young = ''] = ids;
    for (const id of ids) {
      await storage.put(inputKey(organizationId, id), { bytes: Buffer.from('a\n1\n') }, null);
    }
    await metering.admit(admitCall(organizationId, { jobId: ended }));
    await metering.complete(completeCall(organizationId, ended));
    await metering.admit(admitCall(organizationId, { jobId: waiting }));
    const folder = join(tested.dataFolder, 'files', organizationId, waiting.slice(4, 9));
    const half = join(folder, `${orphan}.output-1.6f1c2e7a-0000-4000-8000-000000000000`);
    await writeFile(half, 'x');
    const then = new Date(Date.now() - 3 * hourMs);
    const age = (path: string) => utimes(path, then, then);
    await Promise.all([waiting, orphan, ended].map((id) => age(join(folder, `${id}.input`))));
    await age(half);
    const purger = new Purger({ db, clock, log: quietLog, storage });
    expect(await purger.sweepInputs()).toBe(2);
    expect((await readdir(folder)).toSorted()).toEqual(
      [`${waiting}.input`, `${young}.input`].toSorted(),
    );
    expect(await purger.sweepInputs()).toBe(0);
  });
});
