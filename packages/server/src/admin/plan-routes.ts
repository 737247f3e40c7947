import { z } from 'zod';
import { listOf, listQuery } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import {
  adminPlanDetailSchema,
  adminPlanSchema,
  createPlanSchema,
  planChangeSchema,
  updatePlanSchema,
} from '../plans/admin-schema.ts';
import {
  archivePlan,
  createPlan,
  findAdminPlan,
  listAdminPlans,
  previewPlanChange,
  updatePlan,
} from '../plans/manage-plans.ts';

const tag = 'Administration';
const access = { kind: 'super_admin' } as const;
const url = '/v1/admin/plans';

const listAdminPlansRoute = defineRoute({
  method: 'GET',
  url,
  operationId: 'listAdminPlans',
  summary: 'All plans, archived and custom ones too',
  tag,
  access,
  query: listQuery.extend({
    active: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional(),
    /** Those made for this workspace. */
    workspace_id: z.string().min(1).max(64).optional(),
  }),
  responses: { 200: listOf(adminPlanSchema) },
  errors: [],
  handler: ({ ctx, query }) => listAdminPlans(ctx, query, query),
});

const createPlanRoute = defineRoute({
  method: 'POST',
  url,
  operationId: 'createPlan',
  summary: 'Create a plan',
  description:
    'With `workspace_id` it is a custom plan: that workspace alone sees it and can be on it. ' +
    'Without prices it can only be assigned.',
  tag,
  access,
  body: createPlanSchema,
  responses: { 201: adminPlanDetailSchema },
  errors: ['conflict'],
  handler: ({ ctx, body }) => createPlan(ctx, body),
});

const findAdminPlanRoute = defineRoute({
  method: 'GET',
  url: `${url}/:planId`,
  operationId: 'getAdminPlan',
  summary: 'One plan, with its versions and who is on each',
  tag,
  access,
  responses: { 200: adminPlanDetailSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => findAdminPlan(ctx, params.planId),
});

const updatePlanRoute = defineRoute({
  method: 'PATCH',
  url: `${url}/:planId`,
  operationId: 'updatePlan',
  summary: 'Change a plan',
  description:
    'What is absent stays; `prices` replaces the whole list. Name, position, self-service and ' +
    'features change in place. A changed limit, policy or price makes a new version, which is sold ' +
    'from then on; who is on the plan keeps the version that was bought.',
  tag,
  access,
  body: updatePlanSchema,
  responses: { 200: adminPlanDetailSchema },
  errors: ['not_found'],
  handler: ({ ctx, params, body }) => updatePlan(ctx, params.planId, body),
});

const previewPlanChangeRoute = defineRoute({
  method: 'POST',
  url: `${url}/:planId/preview-change`,
  operationId: 'previewPlanChange',
  summary: 'What a change of a plan would do, and to whom',
  description: 'Takes what `PATCH` takes; nothing is stored.',
  tag,
  access,
  body: updatePlanSchema,
  responses: { 200: planChangeSchema },
  errors: ['not_found'],
  handler: ({ ctx, params, body }) => previewPlanChange(ctx, params.planId, body),
});

const archivePlanRoute = defineRoute({
  method: 'DELETE',
  url: `${url}/:planId`,
  operationId: 'archivePlan',
  summary: 'Archive a plan',
  description:
    'Nobody new comes onto it; who is on it stays. `PATCH` with `active: true` offers it again.',
  tag,
  access,
  responses: { 200: adminPlanDetailSchema },
  errors: ['not_found', 'conflict'],
  handler: ({ ctx, params }) => archivePlan(ctx, params.planId),
});

/** The catalogue, for the super admin. */
export const adminPlanRoutes = [
  listAdminPlansRoute,
  createPlanRoute,
  findAdminPlanRoute,
  updatePlanRoute,
  previewPlanChangeRoute,
  archivePlanRoute,
];
