import { defineRoute, type Route } from '../../http/route.ts';
import { subscriptionSchema } from '../../subscriptions/schema.ts';
import { changeIdOf } from '../change-id.ts';
import { type BillingDeps, requireBilling } from '../deps.ts';
import { cancelSubscription, resumeSubscription } from './cancel.ts';
import { changePlan } from './change-plan.ts';
import { previewChange } from './preview-change.ts';
import {
  cancelQuery,
  changedSubscriptionSchema,
  changeSubscriptionSchema,
  subscriptionPreviewSchema,
} from './schema.ts';

const url = '/v1/workspaces/:workspaceId/subscription';
const tag = 'Subscription';
const access = { kind: 'workspace', scope: 'billing:write' } as const;

const changeRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url,
    operationId: 'changeSubscription',
    summary: 'Subscribe to a plan, or change it',
    description:
      'Upward is prorated, invoiced and charged at once; where the charge fails, `pending_change` ' +
      'has the page to pay on, and the plan changes when that is done. Downward takes effect at the ' +
      'end of the billing period. The present plan undoes what is to come. Where there is no card ' +
      'yet, `checkout_url` leads to the page that takes it and starts the subscription. Five ' +
      'changes a day.',
    tag,
    access,
    body: changeSubscriptionSchema,
    responses: { 200: changedSubscriptionSchema },
    errors: ['payment_declined', 'not_found', 'conflict', 'rate_limited', 'overloaded'],
    handler: ({ ctx, body, claim }) =>
      changePlan(requireBilling(deps), ctx, body, changeIdOf(ctx, claim)),
  });

const previewRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url: `${url}/preview`,
    operationId: 'previewSubscription',
    summary: 'The invoice that a change of plan would make',
    description:
      'Takes what the change takes. Give `proration_date` of the reply to the change, within an ' +
      'hour, to be invoiced exactly this.',
    tag,
    access: { kind: 'workspace', scope: 'billing:read' },
    body: changeSubscriptionSchema,
    responses: { 200: subscriptionPreviewSchema },
    errors: ['not_found', 'conflict', 'overloaded'],
    handler: ({ ctx, body }) => previewChange(requireBilling(deps), ctx, body),
  });

const cancelRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'DELETE',
    url,
    operationId: 'cancelSubscription',
    summary: 'End the subscription',
    description:
      'At the end of the billing period, and until then it can be resumed. `when=now` is for the ' +
      'super admin, who says with `settlement` what becomes of the time that is paid for and left: ' +
      '`refund` (to the card), `credit` (to the balance) or `none`.',
    tag,
    access,
    query: cancelQuery,
    responses: { 200: subscriptionSchema },
    errors: ['conflict', 'overloaded'],
    handler: ({ ctx, query, claim }) =>
      cancelSubscription(requireBilling(deps), ctx, query, changeIdOf(ctx, claim)),
  });

const resumeRoute = (deps: BillingDeps | null) =>
  defineRoute({
    method: 'POST',
    url: `${url}/resume`,
    operationId: 'resumeSubscription',
    summary: 'Take a cancellation back before it takes effect',
    tag,
    access,
    responses: { 200: subscriptionSchema },
    errors: ['conflict', 'overloaded'],
    handler: ({ ctx, claim }) =>
      resumeSubscription(requireBilling(deps), ctx, changeIdOf(ctx, claim)),
  });

/** What a workspace does about its plan. Null: nobody is billed on this server. */
export function subscriptionChangeRoutes(deps: BillingDeps | null): Route[] {
  return [changeRoute(deps), previewRoute(deps), cancelRoute(deps), resumeRoute(deps)];
}
