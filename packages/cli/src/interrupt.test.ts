import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { conversions, Peer } from '../../sdk/src/test/peer.ts';

const launcher = new URL('../bin/mutate.mjs', import.meta.url).pathname;
let peer: Peer;
let folder: string;

beforeEach(async () => {
  peer = await Peer.start();
  peer.isSlow = true;
  folder = await mkdtemp(join(tmpdir(), 'mutate-cli-'));
  await writeFile(join(folder, 'report.txt'), 'abc');
});

afterEach(async () => {
  await peer.close();
  await rm(folder, { recursive: true });
});

function start(): ChildProcess {
  const args = [launcher, 'convert', join(folder, 'report.txt'), '--to', 'csv'];
  const env = { MUTATE_URL: peer.url, MUTATE_API_KEY: 'mk_live_peer' };
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

function exitCodeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.on('exit', resolve);
  });
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s cancels the conversion', async (signal) => {
  peer.eventDelayMs = 20_000;
  const child = start();
  const exited = exitCodeOf(child);
  await until(() => peer.requestsTo(`GET ${conversions}/job_1/events`).length > 0);
  child.kill(signal);
  // As a terminal does when the launcher passes the same signal on.
  child.kill(signal);
  expect(await exited).toBe(130);
  expect(peer.jobs.get('job_1')?.job.status).toBe('cancelled');
  expect(await readdir(folder)).toEqual(['report.txt']);
});

test('an interrupted download leaves no file, not even a hidden one', async () => {
  let isStarted = false;
  peer.intercept(`GET ${conversions}/job_1/output`, (_request, response) => {
    response.writeHead(200);
    response.write('AB', () => {
      isStarted = true;
    });
  });
  const child = start();
  const exited = exitCodeOf(child);
  await until(() => isStarted);
  child.kill('SIGINT');
  expect(await exited).toBe(130);
  expect(await readdir(folder)).toEqual(['report.txt']);
});
