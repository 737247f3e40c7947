import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { programFolder } from '../test/programs.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
import { DocumentMaker, sheetSource, textSource } from './engines/office/test-documents.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const sample = (name: string) => readFile(new URL(`../../../../examples/${name}`, import.meta.url));

describe('the samples that the README converts', () => {
  it('give a PDF for the Word document and the CSV for the workbook, counted once each', async () => {
    const owner = await scenario(tested.database.db, systemClock).organization().create();
    const convert = async (name: string, to: string) => {
      const path = `/v1/workspaces/${owner.organizationId}/conversions?response=file`;
      const body = form({ name, content: await sample(name) }, { to });
      return tested.fetch(path, { method: 'POST', key: owner.apiKey, body });
    };
    const pdf = await convert('report.docx', 'pdf');
    expect([pdf.status, pdf.headers.get('content-type')]).toEqual([201, 'application/pdf']);
    expect(Buffer.from(await pdf.arrayBuffer()).toString('latin1', 0, 5)).toBe('%PDF-');
    const csv = await convert('sales.xlsx', 'csv');
    expect((await csv.text()).split('\r\n').slice(0, 2)).toEqual([
      'Date,Region,Product,Units,Unit price,Total',
      '2025-12-09,North,Espresso,12,4.50,54.00',
    ]);
    const usage = await tested.fetch(`/v1/workspaces/${owner.organizationId}/usage`, {
      key: owner.apiKey,
    });
    expect(await usage.json()).toMatchObject({
      conversions: { used: 2, reserved: 0 },
      breakdown: { DOCX_TO_PDF: 1, XLSX_TO_CSV: 1 },
    });
    await expectInvariants(tested.database.db, owner.organizationId, new Date());
  }, 90_000);
});

describe('documents that a reader of ours does not know, or not in that size', () => {
  const convert = async (owner: Scene, file: { name: string; content: Buffer }, to: string) => {
    const path = `/v1/workspaces/${owner.organizationId}/conversions?response=file`;
    const response = await tested.fetch(path, {
      method: 'POST',
      key: owner.apiKey,
      body: form(file, { to }),
    });
    return { status: response.status, text: await response.text() };
  };

  it.each(['odt', 'rtf', 'doc'] as const)(
    '%s becomes HTML, Markdown and text with its table, through Word',
    async (format) => {
      const owner = await scenario(tested.database.db, systemClock).organization().create();
      const file = { name: `a.${format}`, content: await make(format, await textSource(1)) };
      const html = await convert(owner, file, 'html');
      expect(html).toMatchObject({ status: 201, text: expect.stringContaining('<td>') as string });
      const md = await convert(owner, file, 'md');
      expect(md.text).toMatch(/\| *Row 3 *\| *51 *\| *north *\|/u);
      const txt = await convert(owner, file, 'txt');
      expect(txt.text).toMatch(/^The quarterly figures are in/u);
    },
    120_000,
  );

  it('an XLS above 20 MB is read by LibreOffice, with the same options', async () => {
    const owner = await scenario(tested.database.db, systemClock)
      .organization()
      .plan('pro')
      .create();
    const small = await make('xls', sheetSource(3, 4));
    // Sectors that its table of contents does not know.
    const content = Buffer.concat([small, Buffer.alloc(21 * 1_048_576 - small.length)]);
    const path = `/v1/workspaces/${owner.organizationId}/conversions`;
    const queued = await tested.fetch(path, {
      method: 'POST',
      key: owner.apiKey,
      body: form({ name: 'a.xls', content }, { to: 'csv', options: '{"delimiter":";"}' }),
    });
    expect(queued.status).toBe(202);
    const { id } = (await queued.json()) as { id: string };
    const find = async () => {
      const response = await tested.fetch(`${path}/${id}`, { key: owner.apiKey });
      return (await response.json()) as { status: string };
    };
    await expect
      .poll(async () => (await find()).status, { timeout: 40_000 })
      .not.toMatch(/queued|processing/u);
    expect(await find()).toMatchObject({ status: 'succeeded', type: 'XLS_TO_CSV' });
    const output = await tested.fetch(`${path}/${id}/output`, { key: owner.apiKey });
    expect(await output.text()).toBe('0;0;0;0\r\n0;1;2;3\r\n0;2;4;6\r\n');
  }, 90_000);
});

async function make(format: 'odt' | 'rtf' | 'doc' | 'xls', source: Buffer): Promise<Buffer> {
  const maker = await DocumentMaker.open(programFolder);
  try {
    return await maker.make(format, source);
  } finally {
    await maker.close();
  }
}
