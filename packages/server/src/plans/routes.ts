import { listOf, listQuery } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import { listPlans } from './plans.ts';
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

export const planRoutes = [listPlansRoute];
