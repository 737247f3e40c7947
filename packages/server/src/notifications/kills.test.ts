import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { startMailServer, type TestMailServer } from '../test/mail-server.ts';
import { addMember } from '../test/members.ts';
import { until } from '../test/notifications.ts';
import { scenario } from '../test/scenario.ts';
import { Teller } from '../test/teller.ts';
import { announce } from './outbox.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
let server: TestMailServer;
/** Stands in the way of the process that is to be killed. */
let obstacle: pg.Client;
let teller: Teller;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  server = await startMailServer();
  obstacle = new pg.Client(database.connection);
  await obstacle.connect();
});
afterEach(async () => {
  await teller.kill();
  await obstacle.end();
  await server.close();
});

const start = () => {
  teller = new Teller(database, server.url);
};

let told = 0;

async function tell(): Promise<string> {
  const { ctx, organizationId } = await scenario(database.db, clock).organization().create();
  await addMember(database.db, organizationId, 'owner');
  await addMember(database.db, organizationId, 'admin');
  told += 1;
  const dedupeKey = `workspace.suspended:${told}`;
  await announce(database.db, ctx, {
    topic: 'workspace.suspended',
    dedupeKey,
    payload: { reason: 'Abuse' },
  });
  return organizationId;
}

/** Waits until some process of ours waits for a lock that the obstacle holds. */
const waitsForLock = () =>
  until(async () => {
    const [row] = await database.owner.query<{ waiting: number }>(sql`
      SELECT count(*)::integer AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    return (row?.waiting ?? 0) > 0;
  });

/** Both people have their mail, once as far as the table knows; answers the ids that arrived. */
async function expectAllArrived(organizationId: string): Promise<string[]> {
  await until(async () => {
    const rows = await database.db.query<{ status: string }>(sql`SELECT status FROM mail_messages
      WHERE organization_id = ${organizationId}`);
    return rows.length === 2 && rows.every(({ status }) => status === 'sent');
  });
  const rows = await database.db.query<{ id: string }>(sql`SELECT id FROM mail_messages
    WHERE organization_id = ${organizationId}`);
  const wanted = rows.map(({ id }) => `<${id}@mutate.test>`).toSorted();
  const arrived = server.mails.map(({ messageId = '' }) => messageId).toSorted();
  expect([...new Set(arrived)]).toEqual(wanted);
  return arrived;
}

describe('a process that is killed with kill -9', { timeout: 60_000 }, () => {
  test('before it has made the mails: each arrives once', async () => {
    await obstacle.query('BEGIN; LOCK TABLE mail_messages IN SHARE ROW EXCLUSIVE MODE');
    const organizationId = await tell();
    start();
    await waitsForLock();
    await teller.kill();
    await obstacle.query('ROLLBACK');
    start();
    expect(await expectAllArrived(organizationId)).toHaveLength(2);
  });

  test('when it has made them and not marked the announcement: each arrives once', async () => {
    const organizationId = await tell();
    await obstacle.query(`CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END'`);
    await obstacle.query(`CREATE TRIGGER wait_here BEFORE UPDATE ON outbox FOR EACH ROW
      EXECUTE FUNCTION wait_here()`);
    await obstacle.query('SELECT pg_advisory_lock(7)');
    start();
    await waitsForLock();
    await teller.kill();
    await obstacle.query('SELECT pg_advisory_unlock(7)');
    await obstacle.query('DROP FUNCTION wait_here CASCADE');
    start();
    expect(await expectAllArrived(organizationId)).toHaveLength(2);
  });

  test('while the server reads the mail: each arrives once', async () => {
    const killed = Promise.withResolvers<void>();
    server.rules = {
      onMail: async () => {
        await teller.kill();
        killed.resolve();
        throw new Error('nobody is there any more');
      },
    };
    const organizationId = await tell();
    start();
    await killed.promise;
    server.rules = {};
    start();
    expect(await expectAllArrived(organizationId)).toHaveLength(2);
  });

  test('between the answer of the server and our commit: it arrives again, under the same id', async () => {
    await obstacle.query(`CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END'`);
    await obstacle.query(`CREATE TRIGGER wait_here BEFORE UPDATE ON mail_messages FOR EACH ROW
      WHEN (NEW.status = 'sent') EXECUTE FUNCTION wait_here()`);
    await obstacle.query('SELECT pg_advisory_lock(7)');
    const organizationId = await tell();
    start();
    await until(() => server.mails.length === 2);
    await waitsForLock();
    await teller.kill();
    // PostgreSQL has not heard of the kill yet, and would carry the update out.
    await obstacle.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    await obstacle.query('SELECT pg_advisory_unlock(7)');
    await obstacle.query('DROP FUNCTION wait_here CASCADE');
    start();
    expect(await expectAllArrived(organizationId)).toHaveLength(4);
  });

  test('again and again at any moment: nothing is lost', async () => {
    const organizations = [await tell(), await tell(), await tell()];
    start();
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve, 500 + round * 150));
      await teller.kill();
      start();
    }
    await until(async () => {
      const rows = await database.db.query(sql`SELECT id FROM mail_messages
        WHERE organization_id = ANY (${organizations}::text[]) AND status = 'sent'`);
      return rows.length === 6;
    }, 25);
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(6);
  });
});
