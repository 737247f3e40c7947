import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { conversions, makeJob, Peer, workspace } from '../../sdk/src/test/peer.ts';
import { runCaptured, type Ran, type Setting } from './test/run.ts';

let peer: Peer;
let folder: string;
let input: string;

beforeEach(async () => {
  peer = await Peer.start();
  folder = await mkdtemp(join(tmpdir(), 'mutate-cli-'));
  input = join(folder, 'report.txt');
  await writeFile(input, 'abc');
});

afterEach(async () => {
  await peer.close();
  await rm(folder, { recursive: true });
});

function run(
  args: string[],
  setting: Setting & { env?: Record<string, string> } = {},
): Promise<Ran> {
  const env = { MUTATE_API_KEY: 'mk_live_peer', MUTATE_URL: peer.url, ...setting.env };
  return runCaptured(args, env, setting);
}

async function files(): Promise<string[]> {
  return (await readdir(folder)).toSorted();
}

test('a file is converted beside itself, without a word where stderr is no terminal', async () => {
  expect(await run(['convert', input, '--to', 'csv'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await readFile(join(folder, 'report.csv'), 'utf8')).toBe('ABC');
  expect(await files()).toEqual(['report.csv', 'report.txt']);
});

test('-o takes a file, a folder, stdout and a device', async () => {
  await mkdir(join(folder, 'out'));
  await run(['convert', input, '--to', 'csv', '-o', join(folder, 'mine.dat')]);
  await run(['convert', input, '--to', 'csv', '-o', join(folder, 'out')]);
  expect(await files()).toEqual(['mine.dat', 'out', 'report.txt']);
  expect(await readdir(join(folder, 'out'))).toEqual(['report.csv']);
  const printed = await run(['convert', input, '--to', 'csv', '-o', '-']);
  expect(printed).toMatchObject({ code: 0, stdout: 'ABC' });
  expect(await run(['convert', input, '--to', 'csv', '-o', '/dev/null'])).toMatchObject({
    code: 0,
  });
});

test('stdin goes to stdout', async () => {
  const stdin = Readable.from([Buffer.from('from a '), Buffer.from('pipe')]);
  const ran = await run(['convert', '-', '--from', 'txt', '--to', 'csv'], { stdin });
  expect(ran).toEqual({ code: 0, stdout: 'FROM A PIPE', stderr: '' });
  expect(peer.jobs.get('job_1')?.job.input.filename).toBe('stdin.txt');
});

test('options keep their types, and the extension is that of what was made', async () => {
  const options = ['--option', 'sheet=all', '--option', 'bom=true', '--option', 'delimiter=;'];
  await run(['convert', input, '--to', 'csv', ...options, '--option', 'name="2024"']);
  const job = peer.jobs.get('job_1')?.job;
  expect(job?.options).toEqual({ sheet: 'all', bom: true, delimiter: ';', name: '2024' });
  expect(await files()).toEqual(['report.txt', 'report.zip']);
});

test('an existing file is replaced only on request, and nothing is uploaded before', async () => {
  await writeFile(join(folder, 'report.csv'), 'precious');
  const refused = await run(['convert', input, '--to', 'csv']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('--force');
  expect(peer.requests).toHaveLength(0);
  expect(await readFile(join(folder, 'report.csv'), 'utf8')).toBe('precious');
  expect(await run(['convert', input, '--to', 'csv', '--force'])).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'report.csv'), 'utf8')).toBe('ABC');
});

test('the input is never replaced', async () => {
  for (const extra of [['--force'], ['-o', input]]) {
    const ran = await run(['convert', input, '--to', 'txt', ...extra]);
    expect(ran).toMatchObject({ code: 2 });
  }
  expect(await readFile(input, 'utf8')).toBe('abc');
});

test('several files go on after a bad document and end with its code', async () => {
  const second = join(folder, 'second.txt');
  await writeFile(second, 'two');
  const damaged = { code: 'document_invalid', detail: 'The document is damaged.' };
  peer.refuse(`POST ${conversions}`, 422, damaged);
  const ran = await run(['convert', input, second, '--to', 'csv', '--json']);
  expect(ran.code).toBe(4);
  const lines = ran.stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ object: 'error', about: input, code: 'document_invalid' }),
    expect.objectContaining({ object: 'job', status: 'succeeded' }),
  ]);
  expect(await files()).toEqual(['report.txt', 'second.csv', 'second.txt']);
});

test('several files stop at a used-up quota', async () => {
  const quota = { code: 'quota_exceeded', detail: 'All 100 are used.' };
  const more = { resets_at: '2026-12-01T00:00:00Z', upgrade_url: 'https://m.example/plans' };
  peer.refuse(`POST ${conversions}`, 402, { ...quota, ...more });
  const second = join(folder, 'second.txt');
  await writeFile(second, 'two');
  const ran = await run(['convert', input, second, '--to', 'csv']);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain(`mutate: ${input}: All 100 are used. (quota_exceeded)`);
  expect(ran.stderr).toContain('2026-12-01T00:00:00Z');
  expect(ran.stderr).toContain('Upgrade: https://m.example/plans');
  expect(ran.stderr).toContain('Request: req_problem');
  expect(peer.requestsTo(`POST ${conversions}`)).toHaveLength(1);
});

test.each([
  [400, 'invalid_request', 2],
  [401, 'unauthenticated', 5],
  [402, 'spend_cap_reached', 3],
  [403, 'forbidden', 5],
  [413, 'file_too_large', 3],
  [415, 'unsupported_format', 4],
  [422, 'unsupported_conversion', 4],
  [504, 'conversion_timeout', 1],
])('%i %s ends with exit code %i', async (status, code, exitCode) => {
  peer.refuse(`POST ${conversions}`, status, { code, detail: 'No.' });
  expect((await run(['convert', input, '--to', 'csv'])).code).toBe(exitCode);
  expect(await files()).toEqual(['report.txt']);
});

test('a queued job that fails ends with the code of its error', async () => {
  peer.isSlow = true;
  peer.intercept(`GET ${conversions}/job_1/events`, (_request, response) => {
    const error = { code: 'document_encrypted', detail: 'It has a password.', retryable: false };
    response.end(`data: ${JSON.stringify({ ...makeJob('job_1', 'failed'), error })}\n\n`);
  });
  expect((await run(['convert', input, '--to', 'csv'])).code).toBe(4);
});

test('a download that breaks off is fetched again and leaves nothing half-written', async () => {
  peer.intercept(`GET ${conversions}/job_1/output`, (_request, response) => {
    response.writeHead(200, { 'content-length': '3' });
    response.write('A', () => response.socket?.destroy());
  });
  expect(await run(['convert', input, '--to', 'csv'])).toMatchObject({ code: 0, stderr: '' });
  expect(await readFile(join(folder, 'report.csv'), 'utf8')).toBe('ABC');
});

test('a download with other bytes than promised is refused', async () => {
  peer.intercept(`GET ${conversions}/job_1/output`, (_request, response) => {
    response.end('ABX');
  });
  const ran = await run(['convert', input, '--to', 'csv']);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('The download is damaged');
  expect(await files()).toEqual(['report.txt']);
});

test('--async prints the id, and "job" then shows it and fetches its output', async () => {
  const submitted = await run(['convert', input, '--to', 'csv', '--async']);
  expect(submitted).toEqual({ code: 0, stdout: 'job_1\n', stderr: '' });
  const shown = await run(['job', 'job_1']);
  expect(shown.stdout).toMatch(/State +queued\n/);
  const fetched = await run(['job', 'job_1', '-o', join(folder, 'late.csv')]);
  expect(fetched).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await readFile(join(folder, 'late.csv'), 'utf8')).toBe('ABC');
  const unknown = await run(['job', 'job_9', '--json']);
  expect(unknown.code).toBe(2);
  expect(JSON.parse(unknown.stdout)).toMatchObject({ code: 'not_found', about: 'job_9' });
});

test('--wait stops waiting and says how to go on', async () => {
  peer.isSlow = true;
  peer.eventDelayMs = 5_000;
  const ran = await run(['convert', input, '--to', 'csv', '--wait', '0.2']);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('mutate job job_1 -o FILE');
});

test('a terminal sees a bar, and foreign text cannot steer it', async () => {
  peer.isSlow = true;
  peer.eventDelayMs = 150;
  const evil = join(folder, 'a\x1b[2Jb.txt');
  await writeFile(evil, 'abc');
  const ran = await run(['convert', evil, '--to', 'csv'], { isTTY: true });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toMatch(/a\?\[2Jb\.txt {2}█+░+ .* %/);
  expect(ran.stderr).not.toContain('\x1b[2J');
  expect(ran.stderr).toContain('→');
});

test('usage is a table with a bar, or the JSON as it came', async () => {
  const ran = await run(['usage']);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('1,500 of 2,000 used, 2 reserved, 498 left');
  expect(ran.stdout).toMatch(/█{23}░{7}/);
  expect(ran.stdout).toContain('charged at USD 0.02; 0 so far, USD 12.50, at most USD 50.00');
  expect(ran.stdout).toMatch(/By type +XLSX_TO_CSV {2}1,200\n +CSV_TO_JSON {2}300/);
  expect(JSON.parse((await run(['usage', '--json'])).stdout)).toMatchObject({ object: 'usage' });
});

test('formats are listed with their options', async () => {
  expect((await run(['formats'])).stdout).toMatch(/xlsx +csv +xlsx-stream +sheet bom/);
});

test('a server that is not there is told with what to check', async () => {
  const ran = await run(['usage'], { env: { MUTATE_URL: 'http://127.0.0.1:9' } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('MUTATE_URL');
});

test('flags go before the environment', async () => {
  const env = {
    MUTATE_URL: 'http://127.0.0.1:9',
    MUTATE_API_KEY: 'bad',
    MUTATE_WORKSPACE: 'org_x',
  };
  const flags = ['--url', peer.url, '--api-key', 'mk_live_peer', '--workspace', 'org_peer'];
  expect(await run(['usage', ...flags], { env })).toMatchObject({ code: 0 });
  expect(peer.requests.map(({ route }) => route)).toEqual([`GET ${workspace}/usage`]);
});

test.each([
  [[], 'mutate convert'],
  [['convrt'], 'There is no command "convrt"'],
  [['convert', '--to', 'csv'], 'Name a file'],
  [['convert', 'nowhere.txt', '--to', 'csv'], 'There is no file nowhere.txt'],
  [['convert', 'x'], '--to csv'],
  [['convert', 'x', '--to', '../csv'], '--to csv'],
  [['convert', '-', '--to', 'csv', '--option', 'sheet'], 'KEY=VALUE'],
  [['convert', '-', '--to', 'csv', '--wait', 'soon'], '--wait takes seconds'],
  [['convert', '-', '--to', 'csv', '--json'], 'stdout takes one output'],
  [['convert', '-', '--to', 'csv', '-o', '/nowhere/x.csv'], '/nowhere'],
  [['convert', '--bogus'], 'mutate help convert'],
  [['usage', 'extra'], 'takes no arguments'],
  [['job'], 'one job id'],
])('%j is a usage error that says what is right', async (args, words) => {
  const ran = await run(args);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(words);
  expect(peer.requests).toHaveLength(0);
});

test('help and version need no server and no key', async () => {
  expect((await run(['help', 'convert'], { env: { MUTATE_API_KEY: '' } })).stdout).toContain('-o');
  expect((await run(['usage', '--help'])).stdout).toContain('mutate usage');
  expect((await run(['--version'])).stdout).toMatch(/^mutate \d+\.\d+\.\d+\n$/);
  const noKey = await run(['usage'], { env: { MUTATE_API_KEY: '' } });
  expect(noKey).toMatchObject({ code: 2, stderr: expect.stringContaining('MUTATE_API_KEY') });
});

test('two inputs for one output are refused before the first upload', async () => {
  await mkdir(join(folder, 'other'));
  const twin = join(folder, 'other', 'report.txt');
  await writeFile(twin, 'x');
  const ran = await run(['convert', input, twin, '--to', 'csv', '-o', folder]);
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('Two inputs') });
  expect(peer.requests).toHaveLength(0);
});
