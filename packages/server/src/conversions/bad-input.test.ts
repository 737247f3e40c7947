import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ZipFile } from 'yazl';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

const scene = () => scenario(tested.database.db, systemClock).organization();

interface Problem {
  code: string;
  detail: string;
  job_id?: string;
  [member: string]: unknown;
}

async function send(owner: Scene, body: FormData): Promise<{ status: number; problem: Problem }> {
  const path = `/v1/workspaces/${owner.organizationId}/conversions`;
  const response = await tested.fetch(path, { method: 'POST', key: owner.apiKey, body });
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(response.headers.get('request-id')).toMatch(/^req_/);
  return { status: response.status, problem: (await response.json()) as Problem };
}

/** Nothing counted, no unit or slot held, no file left. */
async function expectNothingLeft(owner: Scene): Promise<void> {
  const { db } = tested.database;
  const [row] = await db.query<{ used: number; reserved: number; active: number }>(
    sql`SELECT coalesce(sum(used), 0)::bigint AS used, coalesce(sum(reserved), 0)::bigint
          AS reserved, coalesce(sum(active), 0)::bigint AS active
        FROM usage_counters WHERE organization_id = ${owner.organizationId}`,
  );
  expect(row).toEqual({ used: 0, reserved: 0, active: 0 });
  await expectInvariants(db, owner.organizationId, new Date());
  const [process] = await readdir(join(tested.dataFolder, 'work'));
  const work = join(tested.dataFolder, 'work', process ?? '');
  await expect.poll(() => readdir(work), { timeout: 30_000 }).toEqual([]);
  const stored = await readdir(join(tested.dataFolder, 'files', owner.organizationId), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  expect(stored.filter((entry) => entry.isFile())).toEqual([]);
}

function makeZip(entries: Record<string, Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(entries)) zip.addBuffer(content, name);
  zip.end();
  return new Response(zip.outputStream as unknown as ReadableStream)
    .arrayBuffer()
    .then((bytes) => Buffer.from(bytes));
}

const workbookParts = (sheet: Buffer): Record<string, Buffer> => ({
  '[Content_Types].xml': Buffer.from(
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
      '<Default Extension="xml" ContentType="application/xml"/><Override ' +
      'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument' +
      '.spreadsheetml.sheet.main+xml"/></Types>',
  ),
  '_rels/.rels': Buffer.from(
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
      '<Relationship Id="r1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org/' +
      'officeDocument/2006/relationships/officeDocument"/></Relationships>',
  ),
  'xl/workbook.xml': Buffer.from(
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://' +
      'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" ' +
      'sheetId="1" r:id="r1"/></sheets></workbook>',
  ),
  'xl/_rels/workbook.xml.rels': Buffer.from(
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
      '<Relationship Id="r1" Target="worksheets/sheet1.xml" Type="http://schemas.openxmlformats' +
      '.org/officeDocument/2006/relationships/worksheet"/></Relationships>',
  ),
  'xl/worksheets/sheet1.xml': sheet,
});

const sheetHead = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">';

describe('a wrong input', () => {
  const cases: [string, () => FormData, number, string][] = [
    [
      'an empty file',
      () => form({ name: 'a.csv', content: '' }, { to: 'json' }),
      422,
      'document_invalid',
    ],
    ['no target', () => form({ name: 'a.csv', content: 'a\n1\n' }, {}), 400, 'invalid_request'],
    [
      'an unknown target',
      () => form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'docx' }),
      422,
      'unsupported_conversion',
    ],
    [
      'an unknown option',
      () => form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json', options: '{"colour":1}' }),
      400,
      'invalid_request',
    ],
    [
      'options that are no JSON',
      () => form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json', options: '{' }),
      400,
      'invalid_request',
    ],
    [
      'an image that is named a workbook',
      () =>
        form(
          { name: 'a.xlsx', content: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex') },
          { to: 'csv' },
        ),
      422,
      'unsupported_conversion',
    ],
    [
      'bytes of no known format',
      () =>
        form({ name: 'a.xlsx', content: Buffer.from('1f8b0800deadbeef', 'hex') }, { to: 'csv' }),
      415,
      'unsupported_format',
    ],
  ];
  for (const [name, body, status, code] of cases) {
    it(`gets its code and costs nothing: ${name}`, async () => {
      const owner = await scene().create();
      const { status: answered, problem } = await send(owner, body());
      expect([answered, problem.code]).toEqual([status, code]);
      await expectNothingLeft(owner);
    });
  }

  it('names what is supported for an unknown target', async () => {
    const owner = await scene().create();
    const { problem } = await send(
      owner,
      form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'pdf' }),
    );
    expect(problem.supported_targets).toContain('json');
  });

  it('gets 422 for a damaged workbook, with the failed job, not counted', async () => {
    const owner = await scene().create();
    const whole = await makeZip(workbookParts(Buffer.from(`${sheetHead}<sheetData/></worksheet>`)));
    const content = whole.subarray(0, whole.length - 200);
    const { status, problem } = await send(owner, form({ name: 'a.xlsx', content }, { to: 'csv' }));
    expect([status, problem.code]).toEqual([422, 'document_invalid']);
    await expectNothingLeft(owner);
  });

  it('gets 422 for a zip bomb, in bounded time and memory', async () => {
    const owner = await scene().create();
    const sheet = Buffer.concat([
      Buffer.from(`${sheetHead}<sheetData><row><c t="inlineStr"><is><t>`),
      Buffer.alloc(300_000_000, 'A'),
      Buffer.from('</t></is></c></row></sheetData></worksheet>'),
    ]);
    const content = await makeZip(workbookParts(sheet));
    expect(content.length).toBeLessThan(2_000_000);
    const { status, problem } = await send(owner, form({ name: 'a.xlsx', content }, { to: 'csv' }));
    expect([status, problem.code]).toEqual([422, 'document_too_complex']);
    expect(problem.job_id).toMatch(/^job_/);
    await expectNothingLeft(owner);
  });

  it('gets 400 for two files and for none', async () => {
    const owner = await scene().create();
    const two = form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' });
    two.append('file', new Blob(['b\n2\n']), 'b.csv');
    expect((await send(owner, two)).status).toBe(400);
    const none = new FormData();
    none.append('to', 'json');
    expect((await send(owner, none)).status).toBe(400);
    await expectNothingLeft(owner);
  });

  it('gets 413 with the limit for 51 MB on Pro', async () => {
    const owner = await scene().plan('pro').create();
    const content = Buffer.alloc(51 * 1_048_576, 'a,b\n');
    const { status, problem } = await send(owner, form({ name: 'a.csv', content }, { to: 'json' }));
    expect(status).toBe(413);
    expect(problem).toMatchObject({
      code: 'file_too_large',
      limit_bytes: 50 * 1_048_576,
      plan: 'plan_pro',
    });
    expect(problem.upgrade_url).toBeTruthy();
    await expectNothingLeft(owner);
  });

  it('has its name made harmless', async () => {
    const owner = await scene().create();
    const boundary = 'x-boundary';
    const name = '../../etc/pass\u0007wd.csv';
    const body =
      `--${boundary}\r\ncontent-disposition: form-data; name="to"\r\n\r\njson\r\n` +
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n` +
      `a\r\n1\r\n\r\n--${boundary}--\r\n`;
    const response = await tested.fetch(`/v1/workspaces/${owner.organizationId}/conversions`, {
      method: 'POST',
      key: owner.apiKey,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body,
    });
    const job = (await response.json()) as { input: { filename: string } };
    expect(response.status).toBe(201);
    expect(job.input.filename).toMatch(/^pass_?wd\.csv$/);
  });

  it('leaves nothing when the client goes away in mid-upload', async () => {
    const owner = await scene().plan('pro').create();
    const { hostname, port } = new URL(tested.url);
    const socket = connect(Number(port), hostname);
    const part =
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' +
      'a,b\n'.repeat(500_000);
    socket.write(
      `POST /v1/workspaces/${owner.organizationId}/conversions HTTP/1.1\r\nhost: x\r\n` +
        `authorization: Bearer ${owner.apiKey}\r\ncontent-length: 20000000\r\n` +
        'content-type: multipart/form-data; boundary=b\r\n\r\n',
    );
    socket.write(part);
    await sleep(300);
    socket.destroy();
    await vi.waitFor(() => expectNothingLeft(owner), 30_000);
    const path = `/v1/workspaces/${owner.organizationId}/conversions`;
    const next = await tested.fetch(path, {
      method: 'POST',
      key: owner.apiKey,
      body: form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' }),
    });
    expect(next.status).toBe(201);
  });
});

describe('a refused caller', () => {
  const small = () => form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' });

  it('gets 402 with the numbers and the way out when the quota is used up', async () => {
    const owner = await scene().overrides({ monthly_limit: 2 }).used(2).create();
    const { status, problem } = await send(owner, small());
    expect(status).toBe(402);
    expect(problem).toMatchObject({ code: 'quota_exceeded', limit: 2, used: 2, reserved: 0 });
    expect(Date.parse(String(problem.resets_at))).toBeGreaterThan(Date.now());
    expect(problem.upgrade_url).toBeTruthy();
  });

  it('gets 429 with Retry-After when all slots are taken', async () => {
    const owner = await scene().running(1).create();
    const path = `/v1/workspaces/${owner.organizationId}/conversions`;
    const response = await tested.fetch(path, { method: 'POST', key: owner.apiKey, body: small() });
    expect(response.status).toBe(429);
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await response.json()).toMatchObject({
      code: 'concurrency_limited',
      limit: 1,
      active: 1,
    });
  });

  it('gets 403 when the workspace is suspended', async () => {
    const owner = await scene().suspended().create();
    const { status, problem } = await send(owner, small());
    expect([status, problem.code]).toEqual([403, 'workspace_suspended']);
  });

  it('gets 404 for another workspace, and 401 without a key', async () => {
    const owner = await scene().create();
    const other = await scene().create();
    const foreign = await send({ ...owner, organizationId: other.organizationId }, small());
    expect([foreign.status, foreign.problem.code]).toEqual([404, 'not_found']);
    const nobody = await send({ ...owner, apiKey: 'mk_live_nothing' }, small());
    expect([nobody.status, nobody.problem.code]).toEqual([401, 'unauthenticated']);
  });

  it('gets 403 with the scope that is missing', async () => {
    const owner = await scene()
      .key({ scopes: ['usage:read'] })
      .create();
    const { status, problem } = await send(owner, small());
    expect(status).toBe(403);
    expect(problem).toMatchObject({ code: 'forbidden', required_scope: 'conversions:write' });
  });
});
