import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UploadFile } from './upload-file.ts';

test('an upload ends with the refusal when the disk runs full on its way, and leaves no file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-upload-'));
  let looks = 0;
  const requireRoom = async () => {
    looks += 1;
    if (looks === 3) throw new Error('the disk is nearly full');
  };
  try {
    const upload = await UploadFile.open(join(folder, 'file'), requireRoom);
    const piece = Buffer.alloc(8 * 1024 * 1024);
    const writeAll = async () => {
      for (let count = 0; count < 32; count++) await upload.write(piece);
    };
    await expect(writeAll()).rejects.toThrow('nearly full');
    await upload.abort();
    expect([looks, await readdir(folder)]).toEqual([3, []]);
    const refused = UploadFile.open(join(folder, 'other'), async () => {
      throw new Error('full');
    });
    await expect(refused).rejects.toThrow('full');
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
