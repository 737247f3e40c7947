import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { errorTable } from '../../errors.ts';
import { renderErrorMarkdown } from './error-reference.ts';
import { buildOpenApi, errorCodesOf } from './openapi.ts';
import { registerReference } from './reference.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { createServerUnderTest } from '../server-under-test.ts';

const running: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

const item = z.object({ id: z.string(), size_bytes: z.int() }).meta({ id: 'item' });

const create = defineRoute({
  method: 'POST',
  url: '/v1/workspaces/:workspaceId/items',
  operationId: 'createItem',
  summary: 'Create an item',
  tag: 'Items',
  access: { kind: 'workspace', scope: 'keys:write' },
  query: z.object({ limit: z.coerce.number().int().max(100).default(20) }),
  body: z.strictObject({ name: z.string().min(1) }),
  responses: { 201: z.object({ data: z.array(item) }) },
  errors: ['conflict'],
  secretMember: 'key',
  handler: () => Promise.resolve({ data: [] }),
});
const listed = defineRoute({
  method: 'GET',
  url: '/v1/items',
  operationId: 'listItems',
  summary: 'List items',
  tag: 'Items',
  access: { kind: 'public' },
  responses: { 200: z.object({ data: z.array(item) }) },
  errors: [],
  handler: () => Promise.resolve({ data: [] }),
});

async function serve(routes: readonly Route[], isReady = true): Promise<FastifyInstance> {
  const app = createServerUnderTest(routes);
  registerReference(app, routes, {
    isReady: () => Promise.resolve(isReady),
  });
  running.push(app);
  await app.ready();
  return app;
}

describe('openapi.json', () => {
  test('is the same whatever the order in which routes come', () => {
    const one = JSON.stringify(buildOpenApi([create, listed]));
    expect(JSON.stringify(buildOpenApi([listed, create]))).toBe(one);
  });

  test('has parameters, bodies, replies, errors, and components instead of copies', async () => {
    const app = await serve([create, listed]);
    const document = (await app.inject('/openapi.json')).json<Record<string, never>>();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/v1/workspaces/{workspaceId}/items': {
          post: {
            operationId: 'createItem',
            security: [{ apiKey: [] }],
            description: expect.stringContaining('Scope: `keys:write`.') as string,
            parameters: [
              { name: 'workspaceId', in: 'path', required: true },
              { name: 'limit', in: 'query', required: false },
              { name: 'Idempotency-Key', in: 'header', required: false },
            ],
            requestBody: {
              content: {
                'application/json': {
                  schema: { additionalProperties: false, required: ['name'] },
                },
              },
            },
            responses: {
              201: {
                content: {
                  'application/json': {
                    schema: {
                      properties: { data: { items: { $ref: '#/components/schemas/item' } } },
                    },
                  },
                },
              },
              409: {},
              422: {},
            },
          },
        },
        '/v1/items': { get: { security: [] } },
      },
      components: { schemas: { item: { type: 'object' }, problem: { type: 'object' } } },
    });
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document).toHaveProperty(['components', 'schemas', name ?? '']);
    }
    expect(text).not.toContain('$defs');
  });

  test('names every code that a route can answer', () => {
    expect(errorCodesOf(listed)).toEqual(['rate_limited', 'internal_error', 'overloaded']);
    expect(errorCodesOf(create)).toEqual(
      expect.arrayContaining(['conflict', 'unauthenticated', 'forbidden', 'idempotency_mismatch']),
    );
  });
});

describe('pages', () => {
  test('the page of errors loads nothing from elsewhere and runs no script', async () => {
    const app = await serve([]);
    const reply = await app.inject('/docs/errors');
    expect(reply.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(reply.body).not.toMatch(/(?:src|href)="https?:/);
    const policy = String(reply.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  test('the reference comes from this server alone', async () => {
    const app = await serve([listed]);
    const moved = await app.inject('/docs');
    expect(moved.headers.location).toBe('/docs/');
    const page = await app.inject('/docs/');
    expect(page.body).not.toMatch(/(?:src|href)="https?:/);
    expect(page.headers['content-security-policy']).toMatch(/connect-src 'self'; /);
    const plain = await app.inject('/docs/js/scalar.js');
    const packed = await app.inject({
      url: '/docs/js/scalar.js',
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
  });

  test('every code of the table has its entry on the page and in the document', async () => {
    const app = await serve([]);
    const { body } = await app.inject('/docs/errors');
    const markdown = renderErrorMarkdown();
    for (const code of Object.keys(errorTable)) {
      expect(body).toContain(`id="${code}"`);
      expect(markdown).toContain(`## ${code}\n`);
    }
  });
});

describe('health', () => {
  test('/livez answers always, /readyz when requests would be served', async () => {
    const ready = await serve([]);
    expect((await ready.inject('/livez')).statusCode).toBe(200);
    expect((await ready.inject('/readyz')).statusCode).toBe(200);
    const away = await serve([], false);
    expect((await away.inject('/livez')).statusCode).toBe(200);
    const reply = await away.inject('/readyz');
    expect(reply.json()).toMatchObject({ status: 503, code: 'overloaded' });
    expect(reply.headers['retry-after']).toBe('2');
  });
});
