import { defineRoute, type Route } from '../http/route.ts';
import { subscriptionSchema } from '../subscriptions/schema.ts';
import { changeIdOf, idOfRequest } from './change-id.ts';
import { giveCredit } from './credits/credits.ts';
import { type BillingDeps, requireBilling } from './deps.ts';
import { creditSchema, giveCreditSchema } from './schema.ts';
import { previewEnd } from './subscription/preview-end.ts';
import { endPreviewSchema, startTrialSchema } from './subscription/schema.ts';
import { setTrial } from './subscription/set-trial.ts';

const url = '/v1/admin/workspaces/:workspaceId';
const tag = 'Administration';
const access = { kind: 'super_admin' } as const;

const giveCreditRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url: `${url}/credits`,
    operationId: 'giveCredit',
    summary: 'Give a workspace credit',
    description: 'Its next invoices are reduced by it. In the currency that the workspace pays in.',
    tag,
    access,
    body: giveCreditSchema,
    responses: { 201: creditSchema },
    errors: ['not_found', 'conflict'],
    handler: ({ ctx, params, body, claim }) => {
      const inside = { ...ctx, organization: { id: params.workspaceId } };
      return giveCredit(requireBilling(deps), inside, body, idOfRequest('crd', ctx, claim));
    },
  });

const setTrialRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url: `${url}/trial`,
    operationId: 'setTrial',
    summary: 'Let a workspace have a plan for nothing until a day',
    description:
      'A workspace with a subscription keeps its plan and pays from that day on; this prolongs a ' +
      'trial as well. Any other one tries `plan_id`, without a card; where there is none at the end, ' +
      'it is back on Free.',
    tag,
    access,
    body: startTrialSchema,
    responses: { 200: subscriptionSchema },
    errors: ['not_found', 'conflict', 'overloaded'],
    handler: ({ ctx, params, body, claim }) => {
      const inside = { ...ctx, organization: { id: params.workspaceId } };
      return setTrial(requireBilling(deps), inside, body, changeIdOf(ctx, claim));
    },
  });

const previewEndRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'GET',
    url: `${url}/subscription/end-preview`,
    operationId: 'previewSubscriptionEnd',
    summary: 'What is left of the paid time if the subscription ends now',
    description:
      'What each `settlement` of a cancellation with `when=now` gives back, to the second.',
    tag,
    access,
    responses: { 200: endPreviewSchema },
    errors: ['not_found', 'conflict', 'overloaded'],
    handler: ({ ctx, params }) =>
      previewEnd(requireBilling(deps), { ...ctx, organization: { id: params.workspaceId } }),
  });

/** What the super admin does about a workspace's money. Null: nobody is billed on this server. */
export function adminBillingRoutes(deps: BillingDeps | null): Route[] {
  return [giveCreditRoute(deps), setTrialRoute(deps), previewEndRoute(deps)];
}
