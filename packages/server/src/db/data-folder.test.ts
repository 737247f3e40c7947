import fs from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeTestFolder } from '../test/server.ts';
import { resolveDataFolder } from './data-folder.ts';
import type { DataFolderOptions } from './data-folder.ts';
import { OperatorError } from './operator-error.ts';

const folder = makeTestFolder();
const isRoot = process.getuid?.() === 0;
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function clone(name: string, mode: number): string {
  const root = path.join(folder, name);
  fs.mkdirSync(root);
  fs.chmodSync(root, mode);
  return root;
}

function pathOrMend(options: DataFolderOptions): string {
  try {
    return resolveDataFolder(options).path;
  } catch (error) {
    if (error instanceof OperatorError) return error.message;
    throw error;
  }
}

test('the default is `data` in the clone', () => {
  const cloneRoot = clone('open', 0o755);
  expect(resolveDataFolder({ cloneRoot })).toEqual({
    path: path.join(cloneRoot, 'data'),
    relocated: false,
  });
});

test('a private clone keeps its data inside for its owner; for root it goes where the database can', () => {
  const cloneRoot = clone('private', 0o700);
  const sharedRoot = path.join(folder, 'var', 'lib', 'mutate');
  const first = resolveDataFolder({ cloneRoot, sharedRoot });
  expect(first.relocated).toBe(isRoot);
  expect(path.dirname(first.path)).toBe(isRoot ? sharedRoot : cloneRoot);
  expect(resolveDataFolder({ cloneRoot, sharedRoot })).toEqual(first);
  const other = resolveDataFolder({ cloneRoot: clone('other', 0o700), sharedRoot });
  expect(other.path).not.toBe(first.path);
});

test('an explicit folder behind a private one works for its owner and is an error with the mend for root', () => {
  const cloneRoot = clone('explicit', 0o755);
  const closed = clone('closed', 0o700);
  const explicit = path.join(closed, 'data');
  const expected = isRoot ? `chmod o+x ${closed},` : explicit;
  expect(pathOrMend({ explicit, cloneRoot })).toContain(expected);
});

test('an explicit folder is relative to the clone, and an empty private one is opened for passing', () => {
  const cloneRoot = clone('relative', 0o755);
  fs.mkdirSync(path.join(cloneRoot, 'store'), { mode: 0o700 });
  const found = resolveDataFolder({ explicit: 'store', cloneRoot });
  expect(found).toEqual({ path: path.join(cloneRoot, 'store'), relocated: false });
  expect(fs.statSync(found.path).mode & 0o777).toBe(isRoot ? 0o711 : 0o700);
});

test('a private folder with other content is not opened', () => {
  const cloneRoot = clone('content', 0o755);
  const explicit = clone('full', 0o700);
  fs.writeFileSync(path.join(explicit, 'letter.txt'), 'private');
  expect(pathOrMend({ explicit, cloneRoot })).toContain(isRoot ? 'chmod o+x' : explicit);
  expect(fs.statSync(explicit).mode & 0o777).toBe(0o700);
});

test('a folder that cannot be made is an error that names the variable', () => {
  const cloneRoot = clone('file', 0o755);
  fs.writeFileSync(path.join(cloneRoot, 'data'), 'a file');
  expect(() => resolveDataFolder({ cloneRoot })).toThrow('MUTATE_DATA_DIR');
});
