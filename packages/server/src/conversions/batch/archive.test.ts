import { afterAll, beforeAll, expect, describe, it, test } from 'vitest';
import type { Scene } from '../../test/scenario.ts';
import { BatchService, csv, formOf, megabyte, outcomesOf } from '../../test/batches.ts';
import { makeZip } from '../../test/zip.ts';

let service: BatchService;
beforeAll(async () => {
  service = await BatchService.start();
});
afterAll(() => service.tested.close());

function archiveOf(zip: Buffer, fields: Record<string, string> = { to: 'json' }): FormData {
  const form = formOf([], fields);
  form.append('archive', new Blob([new Uint8Array(zip)]), 'files.zip');
  return form;
}

describe('an archive', () => {
  it('is unpacked: folders, links, leftovers and paths of its own have no effect', async () => {
    const owner = await service.scene().create();
    const zip = await makeZip([
      { name: 'folder/' },
      { name: 'folder/a.csv', content: csv },
      { name: '__MACOSX/folder/._a.csv', content: 'x' },
      { name: 'folder/.DS_Store', content: 'x' },
      { name: 'link.csv', content: '/etc/passwd', mode: 0o120_777 },
      { name: '..\\..\\evil.csv', content: csv },
      { name: 'nested.zip', content: await makeZip([{ name: 'x.csv', content: csv }]) },
    ]);
    const { status, batch } = await service.send(owner, archiveOf(zip));
    expect(status).toBe(201);
    expect(
      batch.data.map(({ filename, job, error }) => [filename, job?.status ?? error?.code]),
    ).toEqual([
      ['a.csv', 'succeeded'],
      ['evil.csv', 'succeeded'],
      ['nested.zip', 'unsupported_conversion'],
    ]);
    expect(await service.used(owner)).toBe(2);
    expect(await service.leftovers()).toEqual([]);
  });

  it('cannot inflate past the plan’s limit of a file, and a bomb is named', async () => {
    const owner = await service.scene().create();
    const pro = await service.scene().plan('pro').create();
    const zip = await makeZip([
      { name: 'bomb.csv', content: Buffer.alloc(20 * megabyte) },
      { name: 'a.csv', content: csv },
    ]);
    const codes = async (who: Scene) =>
      outcomesOf(await service.completed(who, (await service.send(who, archiveOf(zip))).batch));
    expect(await codes(owner)).toEqual(['file_too_large', 'succeeded']);
    expect(await codes(pro)).toEqual(['document_too_complex', 'succeeded']);
    expect(await service.leftovers()).toEqual([]);
  });

  test.each<[string, () => Promise<Buffer>, string]>([
    ['that is none', async () => Buffer.from('hello'), 'unsupported_format'],
    ['that is empty', async () => Buffer.alloc(0), 'unsupported_format'],
    [
      'that is a document',
      () => makeZip([{ name: 'mimetype', content: 'application/epub+zip' }]),
      'unsupported_format',
    ],
    ['without files', () => makeZip([{ name: 'folder/' }]), 'invalid_request'],
    [
      'cut off',
      async () => (await makeZip([{ name: 'a.csv', content: csv }])).subarray(0, 60),
      'unsupported_format',
    ],
    [
      'with too many files',
      () => makeZip(Array.from({ length: 101 }, (_, n) => ({ name: `${n}.csv`, content: csv }))),
      'invalid_request',
    ],
    [
      'with too many entries',
      () => makeZip(Array.from({ length: 10_001 }, (_, n) => ({ name: `${n}/` }))),
      'document_too_complex',
    ],
  ])('%s is refused whole, and nothing is counted', async (_what, make, code) => {
    const owner = await service.scene().create();
    expect(await service.refusal(owner, archiveOf(await make()))).toMatchObject({ code });
    expect(await service.used(owner)).toBe(0);
    expect(await service.leftovers()).toEqual([]);
  });

  it('with a damaged or encrypted file refuses that one', async () => {
    const owner = await service.scene().create();
    const zip = await makeZip([
      { name: 'a.csv', content: csv },
      { name: 'b.csv', content: 'name\nbbbbbbbbbbbbbbbbbbbb\n', compress: false },
      { name: 'c.csv', content: csv },
    ]);
    zip.write('XXXX', zip.indexOf('bbbbbbbb'));
    // The general purpose bit 0 of the third entry in the table of contents (APPNOTE 4.4.4).
    const entry = zip.lastIndexOf('PK\x01\x02');
    zip.writeUInt16LE(zip.readUInt16LE(entry + 8) | 1, entry + 8);
    const { batch } = await service.send(owner, archiveOf(zip));
    expect(outcomesOf(batch)).toEqual(['succeeded', 'document_invalid', 'document_encrypted']);
  });

  it('an archive beside files is 400', async () => {
    const owner = await service.scene().create();
    const form = archiveOf(await makeZip([{ name: 'a.csv', content: csv }]));
    form.append('file', new Blob([csv]), 'b.csv');
    expect(await service.refusal(owner, form)).toMatchObject({ code: 'invalid_request' });
    expect(await service.used(owner)).toBe(0);
  });
});
