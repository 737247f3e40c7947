import { listOf, listQuery } from '../../http/list.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { idOfRequest } from '../change-id.ts';
import { type BillingDeps, requireBilling } from '../deps.ts';
import { listPlanMigrations, migratePlan } from './migrate-plan.ts';
import { createPlanMigrationSchema, planMigrationSchema } from './schema.ts';

const url = '/v1/admin/plans/:planId/migrations';
const tag = 'Administration';
const access = { kind: 'super_admin' } as const;

const createRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url,
    operationId: 'createPlanMigration',
    summary: 'Move subscribers of older versions of a plan to a newer one',
    description:
      'They are told at once, and moved at the end of the billing period in which `effective_at` ' +
      'lies. Who cancels or changes the plan before is not.',
    tag,
    access,
    body: createPlanMigrationSchema,
    responses: { 201: planMigrationSchema },
    errors: ['not_found', 'conflict'],
    handler: async ({ ctx, params, body, claim }) => {
      const billing = requireBilling(deps);
      const migration = await migratePlan(ctx, params.planId, body, idOfRequest('pmg', ctx, claim));
      billing.wake();
      return migration;
    },
  });

const listRoute = defineRoute({
  method: 'GET',
  url,
  operationId: 'listPlanMigrations',
  summary: "A plan's migrations, and how far they are",
  tag,
  access,
  query: listQuery,
  responses: { 200: listOf(planMigrationSchema) },
  errors: ['not_found'],
  handler: ({ ctx, params, query }) => listPlanMigrations(ctx, params.planId, query),
});

/** Dated moves of subscribers. Null: nobody is billed on this server. */
export function planMigrationRoutes(deps: BillingDeps | null): Route[] {
  return [createRoute(deps), listRoute];
}
