import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOrMakeAuthSecret } from './first-start.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('processes that start at once on one data folder have one secret', async () => {
  const starts = Array.from({ length: 20 }, () => readOrMakeAuthSecret(folder));
  const secrets = new Set(await Promise.all(starts));
  expect(secrets.size).toBe(1);
  expect(await readOrMakeAuthSecret(folder)).toBe([...secrets][0]);
  expect(await readdir(folder)).toEqual(['auth-secret']);
});
