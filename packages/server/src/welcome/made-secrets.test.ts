import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OperatorError } from '../db/operator-error.ts';
import { readOrMakeAdminKey, readOrMakeAuthSecret } from './secret-file.ts';

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

test('an empty or short secret is taken for none, and left for the operator to mend', async () => {
  for (const kept of ['', '\n', 'abcdefghijklmnopqrstuvwxyz01234']) {
    await writeFile(join(folder, 'auth-secret'), kept);
    await expect(readOrMakeAuthSecret(folder)).rejects.toThrow(OperatorError);
    expect(await readFile(join(folder, 'auth-secret'), 'utf8')).toBe(kept);
  }
  await writeFile(join(folder, 'admin-key'), 'mk_admin_');
  await expect(readOrMakeAdminKey(folder)).rejects.toThrow('admin-key is cut off');
});
