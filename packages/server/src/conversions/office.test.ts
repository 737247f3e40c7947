import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';

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
