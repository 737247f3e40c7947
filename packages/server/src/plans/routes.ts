import { listOf, listQuery } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import { listPlans, listPlansOfWorkspace } from './plans.ts';
import { planSchema } from './schema.ts';

const listPlansRoute = defineRoute({
  method: 'GET',
  url: '/v1/plans',
  operationId: 'listPlans',
  summary: 'The plans on offer',
  tag: 'Plans',
  access: { kind: 'public' },
  query: listQuery,
  responses: { 200: listOf(planSchema) },
  errors: [],
  handler: ({ ctx, query }) => listPlans(ctx, query),
});

const listWorkspacePlansRoute = defineRoute({
  method: 'GET',
  url: '/v1/workspaces/:workspaceId/plans',
  operationId: 'listWorkspacePlans',
  summary: 'The plans on offer, with those made for the workspace alone',
  tag: 'Plans',
  access: { kind: 'workspace', scope: 'billing:read' },
  query: listQuery,
  responses: { 200: listOf(planSchema) },
  errors: [],
  handler: ({ ctx, query }) => listPlansOfWorkspace(ctx, query),
});

export const planRoutes = [listPlansRoute, listWorkspacePlansRoute];
