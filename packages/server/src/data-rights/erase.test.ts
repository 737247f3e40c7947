import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { announce } from '../notifications/outbox.ts';
import { signedIn } from '../test/people.ts';
import { scenario } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';
import { eraseDeletedWorkspaces } from './erase.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

/** A deleted workspace that is still to be erased; answers its id. */
async function deleted(before?: (id: string, key: string) => Promise<unknown>): Promise<string> {
  const { db } = tested.database;
  const scene = await scenario(db, systemClock).organization('Acme GmbH').create();
  const { browser } = await signedIn(tested, { member: [scene.organizationId, 'owner'] });
  await before?.(scene.organizationId, scene.apiKey);
  const path = `/v1/workspaces/${scene.organizationId}` as const;
  const { status } = await browser.call(`DELETE ${path}`, { name: 'Acme GmbH' });
  expect(status).toBe(200);
  return scene.organizationId;
}

const erase = () => eraseDeletedWorkspaces(tested.service.conversions);

const isErased = async (id: string) => {
  const rows = await tested.database.owner.query<{ erased: boolean }>(
    sql`SELECT erased_at IS NOT NULL AS erased FROM organization WHERE id = ${id}`,
  );
  return rows[0]?.erased;
};

test('what was announced and told nobody yet goes with the workspace', async () => {
  const id = await deleted();
  const { clock, db, log } = tested.service.conversions;
  const actor = { kind: 'system', id: 'test' } as const;
  const ctx = { clock, db, log, actor, requestId: 'req_1', organization: { id } };
  const payload = { reason: 'Ada Lovelace asked for it' };
  await announce(db, ctx, { topic: 'workspace.suspended', dedupeKey: 'suspended', payload });
  await erase();
  const rows = await tested.database.owner.query(
    sql`SELECT FROM outbox WHERE organization_id = ${id}`,
  );
  expect([rows, await isErased(id)]).toEqual([[], true]);
});

test('names of files of a batch and the address of bills go, the history of billing stays', async () => {
  const id = await deleted(async (organizationId, key) => {
    const path = `/v1/workspaces/${organizationId}`;
    const body = form({ name: 'salaries.csv', content: 'a\n1\n' }, { to: 'json' });
    const batch = await tested.fetch(`${path}/conversions/batch`, { method: 'POST', key, body });
    expect(batch.status).toBe(201);
    for (const billing_email of ['ada@example.com', 'grace@example.com']) {
      const changed = await tested.fetch(`${path}/billing`, {
        method: 'PATCH',
        key,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ billing_email }),
      });
      expect(changed.status).toBe(200);
    }
  });
  await expect
    .poll(
      async () => {
        await erase();
        return isErased(id);
      },
      { timeout: 5000 },
    )
    .toBe(true);
  const rows = await tested.database.owner.query<{ type: string; text: string }>(
    sql`SELECT type, e::text AS text FROM billing_events e WHERE organization_id = ${id}
      UNION ALL SELECT 'batch', b::text FROM conversion_batches b WHERE organization_id = ${id}`,
  );
  expect(rows.filter(({ type }) => type === 'billing.updated')).toHaveLength(2);
  expect(rows.filter(({ type }) => type === 'batch')).toEqual([]);
  for (const { text } of rows) expect(text).not.toContain('@example.com');
});

test('a workspace that cannot be erased holds up no other', async () => {
  const [stuck, other] = [await deleted(), await deleted()];
  const { owner } = tested.database;
  await owner.query({
    text: `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''out of order''; END'`,
    values: [],
    name: 'refuse',
  });
  await owner.query({
    text: `CREATE TRIGGER refuse BEFORE UPDATE ON organization FOR EACH ROW
      WHEN (OLD.id = '${stuck}') EXECUTE FUNCTION refuse()`,
    values: [],
    name: 'refuse one',
  });
  await erase();
  expect([await isErased(stuck), await isErased(other)]).toEqual([false, true]);
  await owner.query(sql`DROP TRIGGER refuse ON organization`);
  await erase();
  expect(await isErased(stuck)).toBe(true);
});
