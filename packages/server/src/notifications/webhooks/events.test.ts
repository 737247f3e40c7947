import { readFile } from 'node:fs/promises';
import { webhookEventTypes as eventTypesOfSdk } from '@mutate/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../../clock.ts';
import { sql } from '../../db/sql.ts';
import { sampleAnnouncements } from '../../test/announcements.ts';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { notificationsOn } from '../../test/notifications.ts';
import { scenario } from '../../test/scenario.ts';
import { fanOut } from '../fan-out.ts';
import { announce } from '../outbox.ts';
import { createEndpoint } from './endpoints.ts';
import { testEventType, webhookEventTypes } from './events.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

test('the SDK and the documentation name the events that there are, and no others', async () => {
  expect(eventTypesOfSdk).toEqual(webhookEventTypes);
  const text = await readFile(new URL('../../../../../docs/webhooks.md', import.meta.url), 'utf8');
  const [, table = ''] = text.split('| event | `data` |');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => row.split('|')[1]?.match(/[\w.]+/g) ?? []);
  expect(named.toSorted()).toEqual([...webhookEventTypes, testEventType].toSorted());
});

test('each of them reaches an endpoint that wants all, and nothing else that is told does', async () => {
  const { ctx, organizationId } = await scenario(database.db, clock).organization().create();
  const deps = notificationsOn(database.db, clock);
  await createEndpoint(ctx, deps, { url: 'https://hooks.example.com/' });
  const others = sampleAnnouncements.filter(({ topic }) => !topic.startsWith('auth.'));
  for (const { name, topic, payload } of others) {
    await announce(database.db, ctx, { topic, dedupeKey: name, payload });
  }
  const quota = { limit: 1, used: 1, resets_at: '2027-02-28T10:00:00.000Z' };
  await announce(database.db, ctx, { topic: 'quota.exceeded', dedupeKey: 'q', payload: quota });
  await fanOut(deps);
  const rows = await database.db.query<{ type: string }>(sql`SELECT DISTINCT type
    FROM webhook_events WHERE organization_id = ${organizationId}`);
  // Conversions are announced by the statement that ends them: queue-webhooks.test.ts.
  const wanted = webhookEventTypes.filter((type) => !type.startsWith('conversion.'));
  expect(rows.map(({ type }) => type).toSorted()).toEqual(wanted.toSorted());
});
