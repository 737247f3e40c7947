import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBufferPromise } from 'yauzl';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario, type Scene } from '../../test/scenario.ts';
import { form, startTestService, type TestService } from '../../test/service.ts';
import { detectFormat, headBytes } from '../detect/detect.ts';
import { descendantsOf, readProcessTable } from '../runner/process-group.ts';
import { openCanary, type Canary } from './canary.ts';
import { corpus } from './corpus.ts';
import type { HostileInput } from './hostile-input.ts';

/** What a document may be refused with; a server error or a time-out is not among them. */
const refusals = [
  'document_invalid',
  'document_encrypted',
  'document_too_complex',
  'unsupported_format',
  'unsupported_conversion',
];

let tested: TestService;
let canary: Canary;
let owner: Scene;
let succeeded = 0;

beforeAll(async () => {
  canary = await openCanary();
  tested = await startTestService();
  owner = await scenario(tested.database.db, systemClock)
    .organization()
    .plan('enterprise')
    .create();
});
afterAll(() => canary.close());

const base = () => `/v1/workspaces/${owner.organizationId}/conversions`;

/** The output's bytes, or the code of the refusal. */
async function convert(
  file: { name: string; content: Buffer },
  fields: Record<string, string>,
): Promise<Buffer | string> {
  const response = await tested.fetch(`${base()}?response=file`, {
    method: 'POST',
    key: owner.apiKey,
    body: form(file, fields),
  });
  if (response.status === 201) {
    succeeded += 1;
    return Buffer.from(await response.arrayBuffer());
  }
  const body = (await response.json()) as { code: string; id: string };
  return response.status === 202 ? finish(body.id) : body.code;
}

/** A file above 10 MB is converted in the background. */
async function finish(jobId: string): Promise<Buffer | string> {
  for (;;) {
    const found = await tested.fetch(`${base()}/${jobId}`, { key: owner.apiKey });
    const job = (await found.json()) as { status: string; error: { code: string } | null };
    if (job.error !== null) return job.error.code;
    if (job.status === 'cancelled' || job.status === 'expired') return job.status;
    if (job.status === 'succeeded') {
      succeeded += 1;
      const output = await tested.fetch(`${base()}/${jobId}/output`, { key: owner.apiKey });
      return Buffer.from(await output.arrayBuffer());
    }
    await sleep(100);
  }
}

/** What is made of it in one step: the first step of a chain is such a conversion, too. */
/** One target for each engine, or chain of engines, that reads such a file. */
async function targetsOf(name: string, content: Buffer): Promise<string[]> {
  const head = content.subarray(0, headBytes);
  const { format } = await detectFormat({ head, filename: name, bytes: content });
  if (format === null) return ['pdf'];
  const { registry } = tested.service.conversions;
  const byEngines = new Map<string, string>();
  for (const to of registry.targetsOf(format)) {
    const steps = registry.find(format, to)?.steps ?? [];
    byEngines.set(steps.map(({ engine }) => engine.name).join('+'), to);
  }
  return byEngines.size === 0 ? ['pdf'] : [...byEngines.values()];
}

/** Everything readable in an output: of an archive each entry, of a PDF its text. */
async function textsOf(output: Buffer): Promise<string[]> {
  const texts = [output.toString('latin1'), output.toString('utf16le')];
  if (output.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004') {
    const zip = await fromBufferPromise(output, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      const inner = await buffer(await zip.openReadStreamPromise(entry));
      texts.push(inner.toString('latin1'), inner.toString('utf16le'));
    }
  }
  const readable = tested.service.conversions.registry.find('pdf', 'txt') !== null;
  if (readable && output.subarray(0, 5).toString('latin1') === '%PDF-') {
    const text = await convert({ name: 'output.pdf', content: output }, { to: 'txt' });
    texts.push(text.toString());
  }
  return texts;
}

/** What is wrong with the answers of all engines that read such a document; empty where none is. */
async function findHarm(input: HostileInput): Promise<string[]> {
  const content = await input.bytes(canary);
  const file = { name: input.filename, content };
  const harm: string[] = [];
  for (const to of await targetsOf(input.filename, content)) {
    const fields = input.from === undefined ? { to } : { to, from: input.from };
    const answer = await convert(file, fields);
    if (typeof answer === 'string') {
      if (!refusals.includes(answer)) harm.push(`${to}: ${answer}`);
      continue;
    }
    if (input.outcome !== 'either') harm.push(`${to}: was converted`);
    for (const text of await textsOf(answer)) {
      if (text.includes(canary.secret)) harm.push(`${to}: shows the secret file`);
      if (text.includes('root:x:0:0:')) harm.push(`${to}: shows /etc/passwd`);
    }
  }
  return [...harm, ...canary.calls];
}

test('the corpus has at least sixty documents, each with a name of its own', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(60);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
});

describe('a hostile document gets a clear code or a harmless output, on every engine', () => {
  test.each(corpus.map((input) => [input.name, input] as const))(
    '%s',
    async (_name, input) => {
      expect(await findHarm(input)).toEqual([]);
    },
    // A bound for a busy machine: one document goes through every engine and chain.
    300_000,
  );
});

test('and afterwards nothing is left: no slot, no unit, no file, no count too many', async () => {
  const reply = await tested.fetch(`/v1/workspaces/${owner.organizationId}/usage`, {
    key: owner.apiKey,
  });
  expect(await reply.json()).toMatchObject({
    conversions: { used: succeeded, reserved: 0 },
    concurrent: { active: 0, queued: 0 },
  });
  await expectInvariants(tested.database.db, owner.organizationId, new Date());
  const work = join(tested.dataFolder, 'work');
  const [folder = ''] = await readdir(work);
  expect(await readdir(join(work, folder))).toEqual([]);
  const converters = join(tested.dataFolder, 'converters');
  const remains = async () => {
    const paths = await readdir(converters, { recursive: true });
    // A child that is starting writes what it warms up with.
    return paths.filter((path) => /^[^/]+\/[^/]+\/(?:in|out|tmp)\/(?!warm)/u.test(path));
  };
  await expect.poll(remains, { timeout: 30_000 }).toEqual([]);
  await tested.close();
  const processes = () => descendantsOf(process.pid, readProcessTable()).slice(1);
  await expect.poll(processes, { timeout: 30_000 }).toEqual([]);
  expect(canary.calls).toEqual([]);
}, 90_000);
