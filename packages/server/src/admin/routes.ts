import { adminBillingSchema, updateAdminBillingSchema } from '../billing/schema.ts';
import { setOverageChargeAllowed } from '../billing/settings/settings.ts';
import { listOf } from '../http/list.ts';
import { defineRoute } from '../http/route.ts';
import { createOrganization } from '../organizations/organizations.ts';
import { clearOverrides, setOverrides } from '../subscriptions/overrides.ts';
import {
  assignPlanSchema,
  setOverridesSchema,
  subscriptionSchema,
  suspendSchema,
} from '../subscriptions/schema.ts';
import { assignPlan } from '../subscriptions/subscriptions.ts';
import { reactivate, suspend } from '../subscriptions/suspension.ts';
import { adminPlanRoutes } from './plan-routes.ts';
import { revenueRoute } from './revenue-route.ts';
import {
  adminWorkspaceSchema,
  createAdminWorkspaceSchema,
  listAdminWorkspacesQuery,
} from './schema.ts';
import { findAdminWorkspace, inside, listAdminWorkspaces } from './workspaces.ts';

const tag = 'Administration';
const access = { kind: 'super_admin' } as const;

const createAdminWorkspaceRoute = defineRoute({
  method: 'POST',
  url: '/v1/admin/workspaces',
  operationId: 'createAdminWorkspace',
  summary: 'Create a workspace, with its owner and plan',
  tag,
  access,
  body: createAdminWorkspaceSchema,
  responses: { 201: adminWorkspaceSchema },
  errors: [],
  handler: async ({ ctx, body }) => {
    const input = { name: body.name, planId: body.plan_id, ownerEmail: body.owner_email };
    const { id } = await createOrganization(ctx, input);
    return findAdminWorkspace(inside(ctx, id));
  },
});

const listAdminWorkspacesRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/workspaces',
  operationId: 'listAdminWorkspaces',
  summary: 'All workspaces, with plan and usage',
  description: 'Newest first, or those that used the most; filters narrow it down.',
  tag,
  access,
  query: listAdminWorkspacesQuery,
  responses: { 200: listOf(adminWorkspaceSchema) },
  errors: [],
  handler: ({ ctx, query }) => listAdminWorkspaces(ctx, query),
});

const findAdminWorkspaceRoute = defineRoute({
  method: 'GET',
  url: '/v1/admin/workspaces/:workspaceId',
  operationId: 'getAdminWorkspace',
  summary: 'One workspace, with plan and usage',
  tag,
  access,
  responses: { 200: adminWorkspaceSchema },
  errors: ['not_found'],
  handler: ({ ctx, params }) => findAdminWorkspace(inside(ctx, params.workspaceId)),
});

const setOverridesRoute = defineRoute({
  method: 'PUT',
  url: '/v1/admin/workspaces/:workspaceId/overrides',
  operationId: 'setOverrides',
  summary: "Set limits of a workspace that win over its plan's",
  description:
    'Replaces the whole set: what is absent or null is the plan\'s again, `"unlimited"` lifts a ' +
    'limit, 0 allows nothing.',
  tag,
  access,
  body: setOverridesSchema,
  responses: { 200: adminWorkspaceSchema },
  errors: ['not_found'],
  handler: async ({ ctx, params, body }) => {
    const workspace = inside(ctx, params.workspaceId);
    await setOverrides(workspace, body);
    return findAdminWorkspace(workspace);
  },
});

const clearOverridesRoute = defineRoute({
  method: 'DELETE',
  url: '/v1/admin/workspaces/:workspaceId/overrides',
  operationId: 'clearOverrides',
  summary: "Give a workspace its plan's limits back",
  tag,
  access,
  responses: { 200: adminWorkspaceSchema },
  errors: ['not_found'],
  handler: async ({ ctx, params }) => {
    const workspace = inside(ctx, params.workspaceId);
    await clearOverrides(workspace);
    return findAdminWorkspace(workspace);
  },
});

const assignPlanRoute = defineRoute({
  method: 'POST',
  url: '/v1/admin/workspaces/:workspaceId/subscription',
  operationId: 'assignPlan',
  summary: 'Put a workspace onto a plan, at once and without payment',
  description: 'A workspace that pays for its plan is refused: end or change that.',
  tag,
  access,
  body: assignPlanSchema,
  responses: { 200: subscriptionSchema },
  errors: ['not_found', 'conflict'],
  handler: ({ ctx, params, body }) => assignPlan(inside(ctx, params.workspaceId), body),
});

const updateAdminBillingRoute = defineRoute({
  method: 'PATCH',
  url: '/v1/admin/workspaces/:workspaceId/billing',
  operationId: 'updateAdminBilling',
  summary: 'Allow a workspace to be charged for overage without a payment method on file',
  description: 'Where it is taken back, a workspace that charges falls back to `block`.',
  tag,
  access,
  body: updateAdminBillingSchema,
  responses: { 200: adminBillingSchema },
  errors: ['not_found'],
  handler: ({ ctx, params, body }) =>
    setOverageChargeAllowed(inside(ctx, params.workspaceId), body.overage_charge_allowed),
});

const suspendRoute = defineRoute({
  method: 'POST',
  url: '/v1/admin/workspaces/:workspaceId/suspend',
  operationId: 'suspendWorkspace',
  summary: 'Refuse new conversions of a workspace',
  tag,
  access,
  body: suspendSchema,
  responses: { 200: adminWorkspaceSchema },
  errors: ['not_found', 'conflict'],
  handler: async ({ ctx, params, body }) => {
    const workspace = inside(ctx, params.workspaceId);
    await suspend(workspace, body.reason);
    return findAdminWorkspace(workspace);
  },
});

const reactivateRoute = defineRoute({
  method: 'POST',
  url: '/v1/admin/workspaces/:workspaceId/reactivate',
  operationId: 'reactivateWorkspace',
  summary: 'End a suspension',
  tag,
  access,
  responses: { 200: adminWorkspaceSchema },
  errors: ['not_found', 'conflict'],
  handler: async ({ ctx, params }) => {
    const workspace = inside(ctx, params.workspaceId);
    await reactivate(workspace);
    return findAdminWorkspace(workspace);
  },
});

export const adminRoutes = [
  createAdminWorkspaceRoute,
  listAdminWorkspacesRoute,
  findAdminWorkspaceRoute,
  setOverridesRoute,
  clearOverridesRoute,
  assignPlanRoute,
  updateAdminBillingRoute,
  suspendRoute,
  reactivateRoute,
  ...adminPlanRoutes,
  revenueRoute,
];
