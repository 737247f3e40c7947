import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defineRoute } from './route.ts';

export const thing = defineRoute({
  method: 'POST',
  url: '/v1/workspaces/:workspaceId/things/:thingId',
  operationId: 'createThing',
  summary: 'Create',
  tag: 'Test',
  access: { kind: 'workspace', scope: 'usage:read' },
  query: z.strictObject({ mode: z.enum(['fast', 'slow']).default('fast') }),
  body: z.strictObject({
    name: z.string().min(1).max(5),
    tags: z.array(z.int().min(1).max(9)).optional(),
  }),
  responses: { 201: z.object({ id: z.string(), workspace_id: z.string(), mode: z.string() }) },
  errors: [],
  handler: ({ ctx, params, query }) =>
    Promise.resolve({ id: params.thingId, workspace_id: ctx.organization.id, mode: query.mode }),
});

export const simple = {
  method: 'GET',
  summary: 'Test',
  tag: 'Test',
  errors: [],
} as const;
export const open = defineRoute({
  ...simple,
  url: '/open',
  operationId: 'open',
  access: { kind: 'public' },
  responses: { 200: z.object({ actor: z.string() }) },
  handler: ({ ctx }) => Promise.resolve({ actor: ctx.actor.id }),
});
export const operatorOnly = defineRoute({
  ...simple,
  url: '/v1/admin/things',
  operationId: 'listAll',
  access: { kind: 'super_admin' },
  responses: { 204: null },
  handler: () => Promise.resolve(null),
});
export function post(app: FastifyInstance, changes: object = {}, caller = 'a') {
  return app.inject({
    method: 'POST',
    url: '/v1/workspaces/org_a/things/t1?mode=slow',
    headers: { authorization: `Bearer ${caller}` },
    payload: { name: 'x' },
    ...changes,
  });
}
