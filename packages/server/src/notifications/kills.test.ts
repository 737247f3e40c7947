import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { startMailServer, type TestMailServer } from '../test/mail-server.ts';
import { addMember } from '../test/members.ts';
import { until } from '../test/notifications.ts';
import { Obstacle } from '../test/obstacle.ts';
import { scenario } from '../test/scenario.ts';
import { startSilentServer } from '../test/silent-server.ts';
import { Teller } from '../test/teller.ts';
import { announce } from './outbox.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
/** Longer than an attempt's lease in fixtures/teller.ts: what would come again has come. */
const leaseMs = 6_000;
let database: TestDatabase;
let server: TestMailServer;
let obstacle: Obstacle;
let teller: Teller;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  server = await startMailServer();
  obstacle = await Obstacle.open(database);
});
afterEach(async () => {
  await teller.kill();
  await obstacle.close();
  await server.close();
});

const start = (url = server.url) => {
  teller = new Teller(database, url);
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

describe('a process that is killed with kill -9', () => {
  test.each([
    ['while it makes the mails', 'INSERT ON mail_messages', 'true'],
    ['when they are made and the announcement is not marked', 'UPDATE ON outbox', 'true'],
    ['while it takes mails to send', 'UPDATE ON mail_messages', 'NEW.attempts > OLD.attempts'],
  ] as const)('%s: each arrives once', async (_, write, when) => {
    await obstacle.before(write, when);
    const organizationId = await tell();
    start();
    await obstacle.isReached();
    await teller.kill();
    await obstacle.remove();
    start();
    expect(await expectAllArrived(organizationId)).toHaveLength(2);
  });

  test('when it has taken mails and sent nothing of them: each arrives once', async () => {
    const silent = await startSilentServer();
    const organizationId = await tell();
    start(`smtp://127.0.0.1:${silent.port}`);
    await silent.reached;
    await teller.kill();
    await silent.close();
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
    await obstacle.before('UPDATE ON mail_messages', "NEW.status = 'sent'");
    const organizationId = await tell();
    start();
    await until(() => server.mails.length === 2);
    await obstacle.isReached();
    await teller.kill();
    await obstacle.remove();
    start();
    expect(await expectAllArrived(organizationId)).toHaveLength(4);
  });

  test('when all is written down: nothing arrives again', async () => {
    const organizationId = await tell();
    start();
    await expectAllArrived(organizationId);
    await teller.kill();
    start();
    await sleep(leaseMs);
    expect(await expectAllArrived(organizationId)).toHaveLength(2);
  });

  test('again and again at any moment: nothing is lost', async () => {
    const organizations = [await tell(), await tell(), await tell()];
    start();
    for (let round = 0; round < 4; round++) {
      await sleep(500 + round * 150);
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
