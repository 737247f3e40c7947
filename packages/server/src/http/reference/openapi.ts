import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import { errorTable } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';
import { problemSchema } from '../expect-wire.ts';
import { SchemaCollector } from './openapi-schemas.ts';
import type { JsonSchema } from './openapi-schemas.ts';
import { rolesOf } from './role-matrix.ts';
import type { ContentResponse, Route } from '../route.ts';

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = Record<string, unknown>;

/** The reference of the API, the same for the same routes: it is committed and read as a diff. */
export function buildOpenApi(routes: readonly Route[]): OpenApiDocument {
  const schemas = new SchemaCollector();
  schemas.components.problem = schemas.add(problemSchema, 'output');
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes.toSorted(byUrlAndMethod)) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = describeRoute(route, schemas);
  }
  const tags = [...new Set(routes.map((route) => route.tag))].toSorted();
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mutate',
      version: '1',
      description:
        'File conversion with metering, quotas and billing. A workspace is the tenant: its API keys ' +
        'act inside it. Errors are problem documents; see [the error reference](/docs/errors).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'A workspace’s key (`mk_live_…`), or the operator’s (`mk_admin_…`).',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'mutate.session_token',
          description: 'The session of somebody who is signed in; see docs/accounts.md.',
        },
      },
      headers: commonHeaders,
      schemas: Object.fromEntries(
        Object.entries(schemas.components).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ),
    },
  };
}

function byUrlAndMethod(a: Route, b: Route): number {
  return `${a.url} ${a.method}` < `${b.url} ${b.method}` ? -1 : 1;
}

function describeRoute(route: Route, schemas: SchemaCollector): JsonSchema {
  const body = requestBody(route, schemas);
  const parameters = describeParameters(route, schemas);
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...describe(route),
    tags: [route.tag],
    security: isOpen(route) ? [] : [{ apiKey: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: body }),
    responses: { ...successResponses(route, schemas), ...errorResponses(route) },
  };
}

function describe(route: Route): { description?: string } {
  const { access } = route;
  const parts = [route.description ?? ''];
  if (access.kind === 'workspace') {
    const roles = rolesOf(route.operationId).map((role) => `\`${role}\``);
    parts.push(`Scope: \`${access.scope}\`. Roles: ${roles.join(', ')}.`);
  }
  if (access.kind === 'super_admin') parts.push('Super admin only.');
  if (route.secretMember !== undefined) {
    parts.push(`\`${route.secretMember}\` is shown once: a replayed reply comes without it.`);
  }
  const description = parts.filter((part) => part !== '').join('\n\n');
  return description === '' ? {} : { description };
}

function describeParameters(route: Route, schemas: SchemaCollector): JsonSchema[] {
  const inPath = [...route.url.matchAll(/:(\w+)/g)].map(([, name = '']) => {
    const schema = route.params?.shape[name] as z.ZodType | undefined;
    return {
      name,
      in: 'path',
      required: true,
      schema: schema === undefined ? { type: 'string' } : schemas.add(schema, 'input'),
    };
  });
  const inQuery = route.query === undefined ? [] : schemas.members(route.query);
  const inHeaders = route.headers === undefined ? [] : schemas.members(route.headers);
  return [
    ...inPath,
    ...inQuery.map((member) => ({ ...member, in: 'query' })),
    ...inHeaders.map((member) => ({ ...member, in: 'header' })),
    ...(takesIdempotencyKey(route) ? [idempotencyKey] : []),
  ];
}

function takesIdempotencyKey(route: Route): boolean {
  return route.method === 'POST' && !isOpen(route) && route.idempotency !== false;
}

/** Without credentials. */
function isOpen({ access }: Route): boolean {
  return access.kind === 'public' || access.kind === 'signed';
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key and request replay the stored reply for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function requestBody(route: Route, schemas: SchemaCollector): JsonSchema | null {
  const { rawBody, body } = route;
  if (rawBody !== undefined) {
    const schema = rawBody.schema === undefined ? {} : schemas.add(rawBody.schema, 'input');
    const json = rawBody.json && {
      'application/json': { schema: schemas.add(rawBody.json, 'input') },
    };
    return { required: true, content: { [rawBody.contentType]: { schema }, ...json } };
  }
  if (body === undefined) return null;
  const schema = schemas.add(body, 'input');
  const required = !body.safeParse(undefined).success;
  return { required, content: { 'application/json': { schema } } };
}

function successResponses(route: Route, schemas: SchemaCollector): Record<string, JsonSchema> {
  const responses: Record<string, JsonSchema> = {};
  for (const [status, spec] of Object.entries(route.responses)) {
    responses[status] = { ...describeResponse(spec, status, schemas), headers: headersOf(route) };
  }
  return responses;
}

function describeResponse(
  spec: z.ZodType | ContentResponse | null,
  status: string,
  schemas: SchemaCollector,
): JsonSchema {
  const name = STATUS_CODES[status] ?? status;
  if (spec === null) return { description: name };
  if ('contentType' in spec) {
    const schema = { type: 'string', format: 'binary' };
    return { description: spec.description, content: { [spec.contentType]: { schema } } };
  }
  const schema = schemas.add(spec, 'output');
  return { description: name, content: { 'application/json': { schema } } };
}

function errorResponses(route: Route): Record<string, JsonSchema> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorCodesOf(route)) {
    const [status] = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, describeProblem(status, codes)]),
  );
}

function describeProblem(status: number, codes: readonly ErrorCode[]): JsonSchema {
  const schema = {
    allOf: [
      { $ref: '#/components/schemas/problem' },
      { properties: { code: { enum: codes }, status: { const: status } } },
    ],
  };
  const waits = status === 429 || status === 503;
  return {
    description: codes.map((code) => `\`${code}\`: ${errorTable[code][1]}`).join('. '),
    headers: {
      'Request-Id': headerRef('Request-Id'),
      ...(waits ? { 'Retry-After': headerRef('Retry-After') } : {}),
    },
    content: { 'application/problem+json': { schema } },
  };
}

/** The route's own codes and those that come with its kind, by status. */
export function errorCodesOf(route: Route): ErrorCode[] {
  const { access } = route;
  const codes = new Set<ErrorCode>([
    ...route.errors,
    'rate_limited',
    'internal_error',
    'overloaded',
  ]);
  const takesInput = [route.query, route.body, route.headers, route.rawBody].some(Boolean);
  if (takesInput || takesIdempotencyKey(route)) codes.add('invalid_request');
  if (!isOpen(route)) codes.add('unauthenticated');
  if (access.kind === 'workspace') codes.add('not_found').add('forbidden');
  if (access.kind === 'super_admin') codes.add('forbidden');
  if (takesIdempotencyKey(route)) codes.add('idempotency_in_progress').add('idempotency_mismatch');
  const known = Object.keys(errorTable) as ErrorCode[];
  return known.filter((code) => codes.has(code));
}

function headersOf(route: Route): JsonSchema {
  const names = isOpen(route) ? ['Request-Id'] : Object.keys(commonHeaders);
  return Object.fromEntries(
    names.filter((name) => name !== 'Retry-After').map((name) => [name, headerRef(name)]),
  );
}

function headerRef(name: string): JsonSchema {
  return { $ref: `#/components/headers/${name}` };
}

const commonHeaders: Readonly<Record<string, JsonSchema>> = {
  'Request-Id': { description: 'Quote it to support.', schema: { type: 'string' } },
  'RateLimit-Policy': {
    description: 'The key’s quota and its window in seconds: `"key";q=600;w=60`.',
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'What is left, and for how many seconds: `"key";r=599;t=42`.',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'Whole seconds.', schema: { type: 'integer', minimum: 1 } },
};
