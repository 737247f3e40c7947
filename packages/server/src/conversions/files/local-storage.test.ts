import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalStorage } from './local-storage.ts';
import { inputKey, outputKey, placesOfJob } from './storage.ts';

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
    await storage.put(key, { bytes: Buffer.from('first') }, null);
    await storage.put(key, { bytes: Buffer.from('second') }, null);
    expect(await read(key)).toBe('second');
    const path = join(root, 'upload');
    await writeFile(path, 'third');
    await storage.put(key, { path }, null);
    expect(await read(key)).toBe('third');
    expect(await read(key, { start: 1, end: 3 })).toBe('hir');
    expect(await readdir(root)).toEqual(['files']);
    expect(await readdir(join(root, 'files'))).toEqual(['org_1']);
  });

  it('answers null and false for what is not there, and removes everything of a job', async () => {
    const input = inputKey('org_1', 'job_01abcdef');
    await storage.put(input, { bytes: Buffer.from('in') }, null);
    await storage.remove(placesOfJob('org_1', { id: 'job_01abcdef', fence: 2, place: null }));
    expect(await read(key)).toBeNull();
    expect(await storage.copyTo(input, join(root, 'copy'))).toBe(false);
    await storage.remove(placesOfJob('org_1', { id: 'job_01abcdef', fence: 2, place: null }));
  });

  it('keeps small outputs together, apart from each other, until their hour is over', async () => {
    const expiresAt = new Date('2026-11-23T10:30:00Z');
    const places = await Promise.all(
      ['one', 'two', ''].map((content, index) =>
        storage.put(
          outputKey('org_1', `job_0${index}`, 1),
          { bytes: Buffer.from(content) },
          expiresAt,
        ),
      ),
    );
    const [one = '', two = '', empty = ''] = places;
    expect(one).not.toBe(two);
    expect([await read(one), await read(two), await read(empty)]).toEqual(['one', 'two', '']);
    expect(await read(two, { start: 1, end: 1 })).toBe('w');
    await storage.remove([one]);
    expect([await read(one), await read(two)]).toEqual(['\0\0\0', 'two']);
    await storage.expire(new Date('2026-11-23T10:59:00Z'));
    expect(await read(two)).toBe('two');
    await storage.expire(new Date('2026-11-23T11:00:00Z'));
    expect(await read(two)).toBeNull();
    await storage.remove([two]);
    const next = await storage.put(
      outputKey('org_1', 'job_09', 1),
      { bytes: Buffer.from('x') },
      expiresAt,
    );
    expect(await read(next)).toBe('x');
  });

  it('refuses a key that could leave its folder', async () => {
    for (const hostile of ['../a/b', 'org_1/../x', 'org_1/job_1/../../x', '/etc/passwd', 'a/b']) {
      await expect(storage.open(hostile)).rejects.toThrow('not a storage key');
    }
  });
});
