import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { fastestOf } from '../../test/fastest.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario, type Scene } from '../../test/scenario.ts';
import { startTestService, type TestService } from '../../test/service.ts';
import { workbookOf } from '../engines/xlsx/test-workbook.ts';
import { descendantsOf, readProcessTable, startTimeOf } from '../runner/process-group.ts';
import { jobSchema, type Job } from '../schema.ts';

let tested: TestService;
let workbook: Buffer;
beforeAll(async () => {
  tested = await startTestService();
  // Some seconds of work, and 1 MB as a file.
  const row = '<row><c><v>1.5</v></c><c><v>2</v></c><c t="inlineStr"><is><t>x</t></is></c></row>';
  const kind = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml';
  workbook = await workbookOf({
    sheets: [{ name: 'Large', rows: row.repeat(800_000) }],
    parts: { '[Content_Types].xml': `<Types><Override ContentType="${kind}"/></Types>` },
  });
});
afterAll(() => tested.close());

async function queue(owner: Scene): Promise<{ job: Job; path: string }> {
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(workbook)]), 'large.xlsx');
  body.append('to', 'csv');
  const base = `/v1/workspaces/${owner.organizationId}/conversions`;
  const headers = { prefer: 'respond-async' };
  const sent = await tested.fetch(base, { method: 'POST', key: owner.apiKey, body, headers });
  expect(sent.status).toBe(202);
  const job = jobSchema.parse(await sent.json());
  return { job, path: `${base}/${job.id}` };
}

/** The jobs of the events, as they come. */
async function* follow(owner: Scene, path: string): AsyncGenerator<{ event: string; job: Job }> {
  const response = await tested.fetch(`${path}/events`, { key: owner.apiKey });
  let text = '';
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== '') yield { event, job: jobSchema.parse(JSON.parse(data)) };
    }
  }
}

const scene = () => scenario(tested.database.db, systemClock).organization().plan('pro').create();

test('a long conversion tells percent and phase while it goes on, and the end', async () => {
  const owner = await scene();
  const { path } = await queue(owner);
  const seen: { event: string; job: Job }[] = [];
  for await (const message of follow(owner, path)) seen.push(message);
  const last = seen.at(-1);
  expect(last).toMatchObject({ event: 'done', job: { status: 'succeeded' } });
  const percents = seen.slice(0, -1).map(({ job }) => job.progress.percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  const between = seen.filter(({ job }) => job.progress.percent > 0 && job.progress.percent < 100);
  expect(between.length).toBeGreaterThan(0);
  expect(between.map(({ job }) => job.progress.phase)).toContain('Large');
}, 90_000);

/** A converter's process and all that come from it, told from later ones with their pids. */
function familyOf(pid: number): Map<number, string | null> {
  const pids = descendantsOf(pid, readProcessTable());
  return new Map(pids.map((member) => [member, startTimeOf(member)]));
}

test('a cancel is answered within a second, and the whole process group gone within another', async () => {
  const owner = await scene();
  // The longer of the two.
  const longestMs = await fastestOf(10, 1_000, () => cancelOnce(owner));
  expect(longestMs).toBeLessThan(1_000);
  await expectInvariants(tested.database.db, owner.organizationId, new Date());
}, 120_000);

async function cancelOnce(owner: Scene): Promise<number> {
  const { runner } = tested.service.conversions;
  const { path } = await queue(owner);
  const busy = () => runner.stats().children.find(({ state }) => state === 'busy')?.pid ?? null;
  await expect.poll(busy, { timeout: 30_000, interval: 20 }).not.toBeNull();
  const pid = busy() ?? 0;
  const family = familyOf(pid);
  expect(family.get(pid)).not.toBeNull();
  const isAlive = () =>
    [...family].some(([member, start]) => start !== null && startTimeOf(member) === start);
  const askedMs = performance.now();
  const cancelled = await tested.fetch(`${path}/cancel`, { method: 'POST', key: owner.apiKey });
  const answeredMs = performance.now();
  while (isAlive() && performance.now() - answeredMs < 5_000) await sleep(5);
  const goneMs = performance.now();
  expect(jobSchema.parse(await cancelled.json())).toMatchObject({
    status: 'cancelled',
    usage: { counted: false },
  });
  const events = follow(owner, path);
  expect((await events.next()).value).toMatchObject({
    event: 'done',
    job: { status: 'cancelled' },
  });
  return Math.max(answeredMs - askedMs, goneMs - answeredMs);
}
