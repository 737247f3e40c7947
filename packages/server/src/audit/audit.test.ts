import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { sql, type Statement } from '../db/sql.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { scenario } from '../test/scenario.ts';
import { type AuditChange, appendAudit, verifyAuditChain } from './audit.ts';

const clock = new ManualClock('2027-03-10T12:00:00.120Z');
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const change = (name: string): AuditChange => ({
  action: 'workspace.updated',
  target: { kind: 'workspace', id: 'org_x' },
  before: { name: null },
  after: { name },
  reason: 'Because ☃',
});

/** A chain of its own with `count` entries. */
async function chainOf(count: number): Promise<Context> {
  const { ctx } = await scenario(database.db, clock).organization().create();
  for (let index = 0; index < count; index++) {
    await ctx.db.transaction((tx) => appendAudit(tx, ctx, change(`name ${index}`)));
  }
  return ctx;
}

/** As somebody who owns the table and has switched off what protects it. */
async function tamper(...statements: Statement[]): Promise<void> {
  await database.owner.transaction(async (tx) => {
    await tx.query(sql`ALTER TABLE audit_log DISABLE TRIGGER ALL`);
    await tx.query(sql`ALTER TABLE audit_heads DISABLE TRIGGER ALL`);
    for (const statement of statements) await tx.query(statement);
    await tx.query(sql`ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_unchanged`);
    await tx.query(sql`ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_kept`);
    await tx.query(sql`ALTER TABLE audit_heads ENABLE ALWAYS TRIGGER audit_heads_forward`);
    await tx.query(sql`ALTER TABLE audit_heads ENABLE ALWAYS TRIGGER audit_heads_kept`);
  });
}

const verify = async (ctx: Context) => (await verifyAuditChain(ctx, ctx.organization.id)).broken;

describe('a chain', () => {
  test('is whole however many write to it at once', async () => {
    const ctx = await chainOf(0);
    const before = await verifyAuditChain(ctx, ctx.organization.id);
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ctx.db.transaction((tx) => appendAudit(tx, ctx, change(`parallel ${index}`))),
      ),
    );
    const after = await verifyAuditChain(ctx, ctx.organization.id);
    expect(after).toMatchObject({ intact: true, sequence: before.sequence + 40, broken: null });
  });

  test('has no gap after a transaction that was rolled back', async () => {
    const ctx = await chainOf(1);
    const before = await verifyAuditChain(ctx, ctx.organization.id);
    const failing = ctx.db.transaction(async (tx) => {
      await appendAudit(tx, ctx, change('never'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await verifyAuditChain(ctx, ctx.organization.id)).toEqual(before);
  });

  test('is hashed over the documented bytes', async () => {
    const ctx = await chainOf(1);
    const rows = await database.db.query<Record<string, unknown>>(
      sql`SELECT *, payload::text AS payload_text FROM audit_log
          WHERE chain_id = ${ctx.organization.id} ORDER BY sequence`,
    );
    let previous = Buffer.alloc(32);
    for (const row of rows) {
      const digest = createHash('sha256')
        .update(row.payload_salt as Buffer)
        .update(row.payload_text as string)
        .digest();
      const sequence = Buffer.alloc(8);
      sequence.writeBigUInt64BE(BigInt(row.sequence as number));
      const createdAt = (row.created_at as string).replace(/(\.\d{3})Z$/, '$1000Z');
      const names = ['chain_id', 'id', 'organization_id', 'actor_kind', 'actor_id', 'action'];
      const fields = [...names, 'target_kind', 'target_id', 'request_id'].map((name) => row[name]);
      const parts = [...fields, createdAt].map((field) => {
        if (field === null) return Buffer.from('ffffffff', 'hex');
        const text = Buffer.from(field as string);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(text.length);
        return Buffer.concat([length, text]);
      });
      const hash = createHash('sha256')
        .update(Buffer.concat([previous, digest, sequence, ...parts]))
        .digest();
      expect((row.hash as Buffer).toString('hex')).toBe(hash.toString('hex'));
      previous = hash;
    }
    expect(rows.length).toBeGreaterThan(2);
  });
});

describe('what is found', () => {
  const at = (ctx: Context, sequence: number) =>
    sql`chain_id = ${ctx.organization.id} AND sequence = ${sequence}`;

  test('one of 10,000 entries that was removed by the owner', async () => {
    const ctx = await chainOf(0);
    const { id } = ctx.organization;
    for (let first = 1; first <= 10_000; first += 200) {
      await database.owner.query(sql`SELECT append_audit(${id}, 'aud_' || n, ${id}, 'member',
        'usr_1', 'workspace.updated', 'workspace', ${id}, 'req_1', '{"before": 1, "after": 2}',
        '2027-01-01Z'::timestamptz) FROM generate_series(${first}::int, ${first + 199}::int) n`);
    }
    expect(await verify(ctx)).toBeNull();
    await tamper(sql`DELETE FROM audit_log WHERE ${at(ctx, 6543)}`);
    expect(await verify(ctx)).toEqual({ sequence: 6543, problem: 'missing' });
  });

  test.each<[string, string, (ctx: Context) => Statement[]]>([
    [
      'an altered action',
      'altered',
      (ctx) => [sql`UPDATE audit_log SET action = 'nothing' WHERE ${at(ctx, 4)}`],
    ],
    [
      'an altered payload',
      'altered',
      (ctx) => [sql`UPDATE audit_log SET payload = '{}' WHERE ${at(ctx, 4)}`],
    ],
    [
      'an altered time',
      'altered',
      (ctx) => [
        sql`UPDATE audit_log SET created_at = created_at + interval '1 ms' WHERE ${at(ctx, 4)}`,
      ],
    ],
    [
      'two entries that changed places',
      'unlinked',
      (ctx) => [
        sql`UPDATE audit_log SET sequence = -1 WHERE ${at(ctx, 4)}`,
        sql`UPDATE audit_log SET sequence = 4 WHERE ${at(ctx, 5)}`,
        sql`UPDATE audit_log SET sequence = 5 WHERE ${at(ctx, -1)}`,
      ],
    ],
    [
      'an entry that was replaced with its hash',
      'unlinked',
      (ctx) => [
        sql`UPDATE audit_log SET action = 'nothing' WHERE ${at(ctx, 3)}`,
        sql`UPDATE audit_log e SET hash = audit_entry_hash(e) WHERE ${at(ctx, 3)}`,
      ],
    ],
    [
      'a payload that was erased without a word',
      'erased',
      (ctx) => [sql`UPDATE audit_log SET payload = NULL, payload_salt = NULL WHERE ${at(ctx, 4)}`],
    ],
  ])('%s', async (_, problem, statements) => {
    const ctx = await chainOf(5);
    await tamper(...statements(ctx));
    expect(await verify(ctx)).toEqual({ sequence: 4, problem });
  });

  test('the last entries cut off, with or without a head that was set back', async () => {
    const ctx = await chainOf(5);
    const head = await verifyAuditChain(ctx, ctx.organization.id);
    await tamper(sql`DELETE FROM audit_log WHERE ${at(ctx, head.sequence)}`);
    expect(await verify(ctx)).toEqual({ sequence: head.sequence, problem: 'missing' });
    await tamper(sql`UPDATE audit_heads SET sequence = ${head.sequence - 1}
      WHERE chain_id = ${ctx.organization.id}`);
    expect(await verify(ctx)).toEqual({ sequence: head.sequence - 1, problem: 'unlinked' });
  });
});

describe('append-only', () => {
  const refused = [
    sql`UPDATE audit_log SET action = 'nothing'`,
    sql`UPDATE audit_log SET payload = NULL, payload_salt = NULL`,
    sql`DELETE FROM audit_log`,
    sql`TRUNCATE audit_log`,
    sql`DELETE FROM audit_heads`,
    sql`TRUNCATE audit_heads`,
    sql`UPDATE audit_heads SET sequence = sequence - 1`,
    sql`INSERT INTO audit_heads VALUES ('elsewhere', 7, 'x')`,
  ];

  test.each(refused)('neither application nor owner may $text', async (statement) => {
    await chainOf(1);
    for (const db of [database.db, database.owner]) {
      await expect(db.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('a session that calls itself a replica may not either', async () => {
    await chainOf(1);
    const attempt = database.owner.transaction(async (tx) => {
      await tx.query(sql`SET LOCAL session_replication_role = replica`);
      await tx.query(sql`DELETE FROM audit_log`);
    });
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  });
});

describe('erasing a payload', () => {
  const erase = (db: Queryable, chainId: string, id: string) =>
    db.query<{ erased: boolean }>(sql`SELECT erase_audit_payload(${chainId}, ${id},
      ${`aud_erasure_of_${id}`}, 'super_admin', 'operator', 'Asked for by the person',
      ${clock.now()}::timestamptz) AS erased`);

  test('keeps the chain whole and says who did it and why; only the owner may', async () => {
    const ctx = await chainOf(3);
    const { id: chainId } = ctx.organization;
    const [entry] = await ctx.db.query<{ id: string }>(
      sql`SELECT id FROM audit_log WHERE chain_id = ${chainId} AND sequence = 3`,
    );
    const id = entry?.id ?? '';
    await expect(erase(database.db, chainId, id)).rejects.toMatchObject({ code: '42501' });
    expect(await erase(database.owner, chainId, id)).toEqual([{ erased: true }]);
    expect(await erase(database.owner, chainId, id)).toEqual([{ erased: false }]);
    const rows = await ctx.db.query(
      sql`SELECT action, target_id, actor_id, payload FROM audit_log
          WHERE chain_id = ${chainId} AND sequence IN (3, 6) ORDER BY sequence`,
    );
    expect(rows).toEqual([
      { action: 'workspace.updated', target_id: 'org_x', actor_id: 'operator', payload: null },
      {
        action: 'audit.payload_erased',
        target_id: id,
        actor_id: 'operator',
        payload: { before: null, after: null, reason: 'Asked for by the person' },
      },
    ]);
    expect(await verify(ctx)).toBeNull();
  });
});
