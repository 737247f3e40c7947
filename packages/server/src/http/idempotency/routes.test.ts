import { systemClock } from '../../clock.ts';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { sql } from '../../db/sql.ts';
import { AppError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { createTestDatabase } from '../../test/database.ts';
import type { TestDatabase } from '../../test/database.ts';
import { createIdempotency, fingerprintOf } from './idempotency.ts';
import type { Claim, Idempotency } from './idempotency.ts';
import { readUpload } from '../upload/multipart.ts';
import { sendStored } from '../register-routes.ts';
import { defineRoute } from '../route.ts';
import { createServerUnderTest } from '../server-under-test.ts';

let database: TestDatabase;
let idempotency: Idempotency;
beforeAll(async () => {
  database = await createTestDatabase();
  idempotency = createIdempotency(database.db, systemClock);
});
afterAll(async () => {
  idempotency.close();
  await database.close();
});

let keys = 0;
function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

/** What a verb does: its change and the audit entry, in one transaction. */
async function makeThing(requestId: string): Promise<void> {
  await database.db.query(sql`SELECT append_audit('org_a', ${newId('aud', Date.now())}, 'org_a',
    'system', 'test', 'thing.created', 'thing', 'thing_1', ${requestId}, '{}', now())`);
}

describe('a JSON route under a key', () => {
  let app: FastifyInstance;
  let calls = 0;
  let refuse: (() => never) | null = null;
  let wait: Promise<void> = Promise.resolve();
  const things = defineRoute({
    method: 'POST',
    url: '/v1/workspaces/:workspaceId/things',
    operationId: 'createThing',
    summary: 'Create a thing',
    tag: 'Test',
    access: { kind: 'workspace', scope: 'usage:read' },
    body: z.strictObject({ name: z.string() }),
    responses: { 201: z.object({ name: z.string(), call: z.int(), secret: z.string() }) },
    errors: [],
    secretMember: 'secret',
    handler: async ({ ctx, body }) => {
      calls += 1;
      const call = calls;
      await wait;
      if (body.name === 'made') await makeThing(ctx.requestId);
      refuse?.();
      return { name: body.name, call, secret: 'mk_live_xyz' };
    },
  });

  beforeAll(() => {
    app = createServerUnderTest([things], { db: database.db, idempotency });
  });
  afterAll(() => app.close());

  const post = (key: string, payload: object, caller = 'a') =>
    app.inject({
      method: 'POST',
      url: '/v1/workspaces/org_a/things',
      headers: { authorization: `Bearer ${caller}`, 'idempotency-key': key },
      payload,
    });

  test('runs once; the repeat gets the same reply, without its secret', async () => {
    const key = newKey();
    const first = await post(key, { name: 'x' });
    const before = calls;
    const second = await post(key, { name: 'x' });
    expect(first.json()).toEqual({ name: 'x', call: before, secret: 'mk_live_xyz' });
    expect(second.json()).toEqual({ name: 'x', call: before });
    expect(second.statusCode).toBe(201);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.headers['request-id']).not.toBe(first.headers['request-id']);
    expect(calls).toBe(before);
    const rows = await database.owner.query(
      sql`SELECT 1 FROM idempotency_keys WHERE response_body LIKE '%mk_live%'`,
    );
    expect(rows).toHaveLength(0);
  });

  test('refuses another body, whose members in another order are the same', async () => {
    const key = newKey();
    await post(key, { name: 'x' });
    const other = await post(key, { name: 'y' });
    expect(other.json()).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  });

  test('answers 409 while the first still runs, and once only is run', async () => {
    const key = newKey();
    const gate = Promise.withResolvers<void>();
    wait = gate.promise;
    const before = calls;
    const first = post(key, { name: 'x' });
    await expect.poll(() => calls).toBe(before + 1);
    const replies = await Promise.all(Array.from({ length: 5 }, () => post(key, { name: 'x' })));
    gate.resolve();
    wait = Promise.resolve();
    expect(replies.map((one) => one.statusCode)).toEqual([409, 409, 409, 409, 409]);
    expect(replies[0]?.headers['retry-after']).toBe('1');
    expect((await first).statusCode).toBe(201);
    expect(calls).toBe(before + 1);
  });

  test.each(['quota_exceeded', 'forbidden', 'rate_limited', 'overloaded', 'conflict'] as const)(
    'does not keep a refusal (%s)',
    async (code) => {
      const key = newKey();
      refuse = () => {
        throw new AppError(code, 'no');
      };
      expect((await post(key, { name: 'x' })).json()).toMatchObject({ code });
      refuse = null;
      expect((await post(key, { name: 'other' })).statusCode).toBe(201);
    },
  );

  test('does not keep a 400, which comes before the handler', async () => {
    const key = newKey();
    expect((await post(key, { nom: 'x' })).statusCode).toBe(400);
    expect((await post(key, { name: 'x' })).statusCode).toBe(201);
  });

  test('after an error of unknown reach, the key keeps its job id', async () => {
    const key = newKey();
    refuse = () => {
      throw new Error('lost the connection while committing');
    };
    expect((await post(key, { name: 'x' })).statusCode).toBe(500);
    refuse = null;
    const jobIds = await database.owner.query<{ job_id: string }>(
      sql`SELECT job_id FROM idempotency_keys WHERE key = ${key}`,
    );
    expect(jobIds).toHaveLength(1);
    expect((await post(key, { name: 'y' })).json()).toMatchObject({ code: 'idempotency_mismatch' });
    expect((await post(key, { name: 'x' })).statusCode).toBe(201);
  });

  test.each([
    ['for another body', { name: 'other' }, 'idempotency_mismatch'],
    ['for its form', { nom: 'x' }, 'invalid_request'],
    ['on its way', { name: 'x' }, 'quota_exceeded'],
  ] as const)(
    'a repeat that is refused %s does not free the key of what may have been done',
    async (_what, payload, code) => {
      const key = newKey();
      const row = sql`SELECT job_id FROM idempotency_keys WHERE key = ${key}`;
      refuse = () => {
        throw new Error('lost the connection while committing');
      };
      expect((await post(key, { name: 'x' })).statusCode).toBe(500);
      const held = await database.owner.query(row);
      refuse = () => {
        throw new AppError('quota_exceeded', 'no');
      };
      expect((await post(key, payload)).json()).toMatchObject({ code });
      refuse = null;
      expect(await database.owner.query(row)).toEqual(held);
      expect(held).toHaveLength(1);
    },
  );

  test('what was done before its answer was lost is not done again, but named', async () => {
    const key = newKey();
    const before = calls;
    refuse = () => {
      throw new Error('killed between the commit and the reply');
    };
    const lost = await post(key, { name: 'made' });
    expect(lost.statusCode).toBe(500);
    refuse = null;
    const again = await post(key, { name: 'made' });
    expect(again.json()).toMatchObject({
      status: 409,
      code: 'conflict',
      target_kind: 'thing',
      target_id: 'thing_1',
      carried_out_by: lost.headers['request-id'],
    });
    const third = await post(key, { name: 'made' });
    expect(third.json()).toEqual(again.json());
    expect(third.headers['idempotent-replayed']).toBe('true');
    expect((await post(key, { name: 'other' })).json()).toMatchObject({
      code: 'idempotency_mismatch',
    });
    expect(calls).toBe(before + 1);
  });

  test('a request that is refused before does not take the key', async () => {
    const key = newKey();
    expect((await post(key, { name: 'x' }, 'nobody')).statusCode).toBe(401);
    expect((await post(key, { name: 'x' }, 'b')).statusCode).toBe(404);
    expect((await post(key, { name: 'x' }, 'poor')).statusCode).toBe(403);
    expect((await post(key, { name: 'x' })).headers['idempotent-replayed']).toBeUndefined();
  });

  test.each(['', 'x'.repeat(256), 'ü'])('the key %j is refused', async (key) => {
    const refused = await post(key, { name: 'x' });
    expect(refused.json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/headers/idempotency-key' }],
    });
  });
});

describe('an upload under a key', () => {
  let app: FastifyInstance;
  const claims: (Claim | null)[] = [];
  const upload = defineRoute({
    method: 'POST',
    url: '/v1/workspaces/:workspaceId/uploads',
    operationId: 'createUpload',
    summary: 'Upload',
    tag: 'Test',
    access: { kind: 'workspace', scope: 'conversions:write' },
    idempotency: 'manual',
    rawBody: { contentType: 'multipart/form-data' },
    responses: { 201: z.object({ job_id: z.string() }) },
    errors: ['document_invalid'],
    handler: async ({ claim, request, reply: answer }) => {
      claims.push(claim);
      const { file, fields } = await readUpload(request, answer, {
        fields: ['to'],
        limits: { fileBytesMax: null, plan: 'plan_pro', upgradeUrl: null },
        open: () => Promise.reject(new Error('no large files in this test')),
      });
      if (file === null) throw new Error('a form without a file is refused');
      const fingerprint = fingerprintOf(file.sha256, file.filename, fields.to ?? '');
      if (claim?.kind === 'stored') return sendStored(answer, claim.replay(fingerprint));
      await claim?.settle(fingerprint);
      const jobId = claim?.jobId ?? 'job_none';
      if (file.sizeBytes === 0) {
        throw new AppError('document_invalid', 'empty', { details: { job_id: jobId } });
      }
      const body = { job_id: jobId };
      answer.code(201).header('location', '/there');
      await claim?.finish({
        status: 201,
        headers: { location: '/there' },
        body: JSON.stringify(body),
      });
      return body;
    },
  });

  beforeAll(() => {
    app = createServerUnderTest([upload], { db: database.db, idempotency });
  });
  afterAll(() => app.close());

  const post = (key: string, content: string) =>
    app.inject({
      method: 'POST',
      url: '/v1/workspaces/org_a/uploads',
      headers: {
        authorization: 'Bearer a',
        'idempotency-key': key,
        'content-type': 'multipart/form-data; boundary=x',
      },
      payload:
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' +
        `${content}\r\n--x--\r\n`,
    });

  test('is replayed for the same file and refused for another', async () => {
    const key = newKey();
    const first = await post(key, 'a,b');
    const second = await post(key, 'a,b');
    expect(second.json()).toEqual(first.json());
    expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true', location: '/there' });
    expect((await post(key, 'a,c')).json()).toMatchObject({ code: 'idempotency_mismatch' });
  });

  test('the failure of an admitted job is kept like a success', async () => {
    const key = newKey();
    const first = await post(key, '');
    const second = await post(key, '');
    expect(first.statusCode).toBe(422);
    expect(second.json()).toEqual(first.json());
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.headers['content-type']).toMatch('application/problem+json');
    expect(claims.at(-1)?.jobId).toBe(claims.at(-2)?.jobId);
  });
});
