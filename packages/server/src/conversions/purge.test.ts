import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { quietLog } from '../test/server.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
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
});
