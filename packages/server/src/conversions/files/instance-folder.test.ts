import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInstanceFolder } from './instance-folder.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mutate-instances-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A folder with something in it, last touched so many minutes ago. */
async function left(name: string, minutes: number): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  await writeFile(join(path, 'upload'), 'x');
  const then = new Date(Date.now() - minutes * 60_000);
  await utimes(path, then, then);
  return path;
}

test('a process sweeps what dead ones left, and never what another container still uses', async () => {
  const first = await openInstanceFolder(root, 0o700);
  // Of this process by its name, but started at another time: its pid was used again.
  const reused = await left(basename(first.path).replace(/-\d+-(\w+)$/u, '-1-$1'), 0);
  // Pid 1 of other containers: the one touches its folder, the other is gone.
  const living = await left('process-0123456789ab-1-77-aaaa', 4);
  const silent = await left('process-0123456789ab-1-77-bbbb', 6);
  const unknown = await left('runner-1-1-of-an-older-version', 6);
  const second = await openInstanceFolder(root, 0o700);
  expect(second.path).not.toBe(first.path);
  const exists = [first.path, living, reused, silent, unknown].map((path) => existsSync(path));
  expect(exists).toEqual([true, true, false, false, false]);
  await first.close();
  await second.close();
  expect([first.path, second.path, living].map((path) => existsSync(path))).toEqual([
    false,
    false,
    true,
  ]);
});
