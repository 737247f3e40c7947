import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { reactivate, suspend } from '../subscriptions/suspension.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { announce } from './outbox.ts';

const clock = new ManualClock('2027-01-31T10:00:00Z');
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const outboxOf = (organizationId: string) =>
  database.db.query<{ topic: string; payload: object; dedupe_key: string }>(
    sql`SELECT topic, payload, dedupe_key FROM outbox WHERE organization_id = ${organizationId}
        ORDER BY id`,
  );

const announceEnding = (tx: Queryable, ctx: Context) =>
  announce(tx, ctx, {
    topic: 'subscription.ending',
    dedupeKey: 'subscription.ending:sub_1:2027-02-28',
    payload: { ends_at: '2027-02-28T10:00:00.000Z', plan_name: 'Pro' },
  });

describe('announce', () => {
  test('the same key is told once in a workspace, and in another one again', async () => {
    const { ctx } = await scenario(database.db, clock).organization().create();
    const other = await scenario(database.db, clock).organization().create();
    for (const context of [ctx, ctx, other.ctx]) {
      await context.db.transaction((tx) => announceEnding(tx, context));
    }
    expect(await outboxOf(ctx.organization.id)).toHaveLength(1);
    expect(await outboxOf(other.organizationId)).toHaveLength(1);
  });

  test('nothing is told of a change that is rolled back', async () => {
    const { ctx } = await scenario(database.db, clock).organization().create();
    const change = ctx.db.transaction(async (tx) => {
      await announceEnding(tx, ctx);
      throw new Error('the change failed');
    });
    await expect(change).rejects.toThrow('the change failed');
    expect(await outboxOf(ctx.organization.id)).toEqual([]);
  });

  test('a context without a workspace tells for the platform', async () => {
    const { ctx } = await scenario(database.db, clock).organization().create();
    const { organization: _, ...platform } = ctx;
    await announce(database.db, platform, {
      topic: 'auth.email_verification',
      dedupeKey: 'auth.email_verification:usr_1:1',
      payload: {
        recipient_email: 'ada@example.com',
        url: 'https://mutate.test/verify?token=1',
        name: 'Ada',
        expires_at: '2027-01-31T11:00:00.000Z',
      },
    });
    expect(await outboxOf('platform')).toMatchObject([{ topic: 'auth.email_verification' }]);
  });

  test('each suspension of a workspace and its end is told', async () => {
    const { ctx } = await scenario(database.db, clock).organization().create();
    for (let times = 0; times < 2; times++) {
      await suspend(ctx, 'Abuse');
      clock.advance(1_000);
      await reactivate(ctx);
      clock.advance(1_000);
    }
    const told = await outboxOf(ctx.organization.id);
    expect(told.map(({ topic, payload }) => [topic, payload])).toEqual([
      ['workspace.suspended', { reason: 'Abuse' }],
      ['workspace.reactivated', {}],
      ['workspace.suspended', { reason: 'Abuse' }],
      ['workspace.reactivated', {}],
    ]);
  });
});
