import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalStorage } from './local-storage.ts';
import { inputKey, keysOfJob, outputKey } from './storage.ts';

let root: string;
let storage: LocalStorage;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mutate-storage-'));
  storage = new LocalStorage(join(root, 'files'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const key = outputKey('org_1', 'job_01abcdef', 1);

async function read(of: string, range?: { start: number; end: number }): Promise<string | null> {
  const stream = await storage.open(of, range);
  return stream === null ? null : text(stream);
}

describe('local storage', () => {
  it('keeps what it is given, from memory and from a file, and replaces it whole', async () => {
    await storage.put(key, { bytes: Buffer.from('first') });
    await storage.put(key, { bytes: Buffer.from('second') });
    expect(await read(key)).toBe('second');
    const path = join(root, 'upload');
    await writeFile(path, 'third');
    await storage.put(key, { path });
    expect(await read(key)).toBe('third');
    expect(await read(key, { start: 1, end: 3 })).toBe('hir');
    expect(await readdir(root)).toEqual(['files']);
  });

  it('answers null and false for what is not there, and removes everything of a job', async () => {
    const input = inputKey('org_1', 'job_01abcdef');
    await storage.put(input, { bytes: Buffer.from('in') });
    await storage.remove(keysOfJob('org_1', 'job_01abcdef', 2));
    expect(await read(key)).toBeNull();
    expect(await storage.copyTo(input, join(root, 'copy'))).toBe(false);
    await storage.remove(keysOfJob('org_1', 'job_01abcdef', 2));
  });

  it('refuses a key that could leave its folder', async () => {
    for (const hostile of ['../a/b', 'org_1/../x', 'org_1/job_1/../../x', '/etc/passwd', 'a/b']) {
      await expect(storage.open(hostile)).rejects.toThrow('not a storage key');
    }
  });
});
