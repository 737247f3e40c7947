import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { createTestApi, type TestApi } from '../test/api.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { appendAudit } from './audit.ts';
import { auditRoutes } from './routes.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = createTestApi(database.db, clock, auditRoutes);
});
beforeEach(() => clock.advance(5));
afterAll(async () => {
  await api.close();
  await database.close();
});

const make = () => scenario(database.db, clock).organization();

test('GET …/audit-log 200: the own chain only, newest first, page by page', async () => {
  const { organizationId: id, apiKey: as } = await make().create();
  await make().create();
  const list = (query: string) => api.call(`GET /v1/workspaces/${id}/audit-log${query}`, { as });
  const first = await list('?limit=1');
  expect(first.body).toMatchObject({
    object: 'list',
    data: [
      {
        object: 'audit_entry',
        workspace_id: id,
        action: 'api_key.created',
        chain_id: id,
        sequence: 2,
        erased: false,
      },
    ],
    has_more: true,
  });
  const rest = await list(`?starting_after=${String(first.body.next_cursor)}`);
  expect(rest.body).toMatchObject({
    data: [{ workspace_id: id, action: 'workspace.created', sequence: 1 }],
    has_more: false,
    next_cursor: null,
  });
  expect((await list('?starting_after=aud_none')).body.data).toEqual([]);
});

test("GET …/audit-log: another workspace's cursor shows nothing of it", async () => {
  const [mine, other] = [await make().create(), await make().create()];
  const foreign = await api.call(`GET /v1/workspaces/${other.organizationId}/audit-log?limit=1`);
  const cursor = String(foreign.body.next_cursor);
  const { body } = await api.call(
    `GET /v1/workspaces/${mine.organizationId}/audit-log?starting_after=${cursor}`,
    { as: mine.apiKey },
  );
  expect(body.data).toEqual([]);
});

test('GET …/audit-log 400, 401, 403, 404', async () => {
  const reader = await make()
    .key({ scopes: ['usage:read'] })
    .create();
  const other = await make().create();
  const get = (id: string, as: string | null, query = '') =>
    api.call(`GET /v1/workspaces/${id}/audit-log${query}`, { as });
  expect((await get(reader.organizationId, null)).status).toBe(401);
  const refused = await get(reader.organizationId, reader.apiKey);
  expect(refused.body).toMatchObject({ status: 403, required_scope: 'audit:read' });
  expect((await get(other.organizationId, reader.apiKey)).status).toBe(404);
  expect((await get(other.organizationId, other.apiKey, '?limit=0')).status).toBe(400);
});

test("GET /v1/admin/audit-log: every chain and the platform's, filtered", async () => {
  const [one, two] = [await make().create(), await make().create()];
  clock.advance(5);
  const { organization: _, ...platform } = one.ctx;
  const change = {
    action: 'plan.created',
    target: { kind: 'plan', id: 'plan_x' },
    before: null,
    after: { id: 'plan_x' },
  };
  await platform.db.transaction((tx) => appendAudit(tx, platform, change));
  const list = async (query: string) => (await api.call(`GET /v1/admin/audit-log${query}`)).body;
  expect((await list('?limit=1')).data).toMatchObject([
    { ...change, workspace_id: null, chain_id: 'platform', sequence: 1 },
  ]);
  expect((await list(`?workspace_id=${one.organizationId}`)).data).toHaveLength(2);
  expect((await list(`?target_id=${two.apiKeyId}`)).data).toMatchObject([
    { workspace_id: two.organizationId, action: 'api_key.created' },
  ]);
  expect((await list('?action=plan.created&actor_id=operator')).data).toHaveLength(1);
  expect((await list('?actor_id=nobody')).data).toEqual([]);
  const all = await list('?limit=100');
  const half = await list('?limit=3');
  const rest = await list(`?limit=100&starting_after=${String(half.next_cursor)}`);
  expect([...(half.data as unknown[]), ...(rest.data as unknown[])]).toEqual(all.data);
});

test('GET /v1/admin/audit-log/verification tells whether a chain is whole, and its head', async () => {
  const { organizationId: id } = await make().create();
  const verify = (query: string) => api.call(`GET /v1/admin/audit-log/verification${query}`);
  expect((await verify(`?chain_id=${id}`)).body).toMatchObject({
    object: 'audit_verification',
    chain_id: id,
    intact: true,
    sequence: 2,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    broken: null,
  });
  expect((await verify('')).body).toMatchObject({ chain_id: 'platform', intact: true });
  const none = await verify('?chain_id=org_none');
  expect(none.body).toMatchObject({ intact: true, sequence: 0, hash: null });
});

test('GET …/audit-log/export 200: every entry of the own chain, first to last', async () => {
  const { organizationId: id, apiKey: as, ctx } = await make().create();
  await ctx.db.transaction((tx) =>
    appendAudit(tx, ctx, {
      action: 'workspace.suspended',
      target: { kind: 'workspace', id },
      before: null,
      after: null,
      reason: '=HYPERLINK("https://evil.example"), "quoted"',
    }),
  );
  const get = (format: string) =>
    api.app.inject({
      method: 'GET',
      url: `/v1/workspaces/${id}/audit-log/export?format=${format}`,
      headers: { authorization: `Bearer ${as}` },
    });
  const lines = (await get('ndjson')).body.trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { sequence: number; hash: string });
  expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  const csv = await get('csv');
  expect(csv.headers['content-disposition']).toBe('attachment; filename="audit-log.csv"');
  const [head = '', ...rows] = csv.body.trimEnd().split('\r\n');
  expect(head.startsWith('sequence,created_at,id,actor_kind')).toBe(true);
  expect(rows).toHaveLength(3);
  expect(rows[2]).toContain(`,"'=HYPERLINK(""https://evil.example""), ""quoted""",`);
  expect(rows[2]).toContain(entries[2]?.hash);
});
