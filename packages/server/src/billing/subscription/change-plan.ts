import { type Context, isOperator } from '../../context.ts';
import { AppError, notFound } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import { findSubscription } from '../../subscriptions/subscriptions.ts';
import type { BillingDeps } from '../deps.ts';
import { askStripe } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import { beginChange, completeChange, findBegun, rowOfPresent } from './changes.ts';
import { openCheckout } from './checkout.ts';
import {
  decideChange,
  decideStay,
  isPresent,
  requireChangeable,
  type Step,
} from './decide-change.ts';
import { findPresent, type LiveSubscription, outlookOf, type Present } from './present.ts';
import type { ChangedSubscription, ChangeSubscription } from './schema.ts';
import { type ChangeRow, findPlanOnSale, type PlanOnSale } from './sql.ts';

/**
 * Subscribes the workspace to a plan, or changes the plan it is on: upward at once, downward at the
 * end of what is paid; the first time through a hosted page that takes the card.
 *
 * @param changeId makes a repeat of the same request the same change
 * @throws AppError `not_found` for a plan that is not on sale, or another workspace's; `forbidden`
 *   for one that only the operator assigns; `invalid_request`, `conflict`, `rate_limited`,
 *   `payment_declined`, `overloaded`
 */
export async function changePlan(
  deps: BillingDeps,
  ctx: Context,
  input: ChangeSubscription,
  changeId: string,
): Promise<ChangedSubscription> {
  const begun = await findBegun(deps, ctx, changeId);
  if (begun !== null) return apply(deps, ctx, begun);
  const { present, step } = await decide(deps, ctx, input);
  if (step.kind === 'checkout') {
    const url = await openCheckout(deps, ctx, step.target, input.return_url);
    return { ...(await findSubscription(ctx)), checkout_url: url };
  }
  const row = rowOf(ctx, changeId, present, step, input);
  await beginChange(ctx, row);
  return apply(deps, ctx, row);
}

async function apply(
  deps: BillingDeps,
  ctx: Context,
  change: ChangeRow,
): Promise<ChangedSubscription> {
  await completeChange(deps, ctx, change);
  return { ...(await findSubscription(ctx)), checkout_url: null };
}

/** What a request would do, nothing done. @throws AppError as `changePlan` */
export async function decide(
  deps: BillingDeps,
  ctx: Context,
  input: ChangeSubscription,
): Promise<{ present: Present; step: Step }> {
  const present = await askStripe(() => findPresent(deps, ctx));
  const { kept, live } = present;
  const outlook = outlookOf(live);
  if (live !== null) requireChangeable(kept, live.status);
  if (isPresent(kept, input) && (outlook.isPaid || kept.plan_id === 'plan_free')) {
    return { present, step: decideStay(kept, outlook) };
  }
  const plan = await findPlan(ctx, input.plan_id);
  return { present, step: decideChange(kept, outlook, plan, input) };
}

async function findPlan(ctx: Context, planId: string): Promise<PlanOnSale> {
  const [plan] = await ctx.db.query<PlanOnSale>(findPlanOnSale(ctx.organization.id, planId));
  if (plan === undefined) throw notFound('plan');
  if (!plan.self_service && !isOperator(ctx.actor)) {
    throw new AppError(
      'forbidden',
      `The ${plan.name} plan is assigned by the operator: ask there.`,
    );
  }
  return plan;
}

function rowOf(
  ctx: Context,
  id: string,
  { kept, live }: Present,
  step: Exclude<Step, { kind: 'checkout' }>,
  input: ChangeSubscription,
): ChangeRow {
  if (step.kind === 'undo' || step.kind === 'cancel') return rowOfPresent(id, step.kind, kept);
  const { target } = step;
  return {
    id,
    kind: step.kind,
    plan_id: target.planId,
    plan_version: target.planVersion,
    interval: target.interval,
    currency: target.currency,
    detail:
      step.kind === 'now' && live !== null
        ? { proration_date: prorationDateOf(ctx, live, input) }
        : {},
  };
}

const previewAgeMaxSeconds = 3600;

/** Unix seconds, within the period that is paid. @throws AppError `invalid_request` */
export function prorationDateOf(
  ctx: Context,
  live: LiveSubscription,
  input: ChangeSubscription,
): number {
  const { current_period_start: start, current_period_end: end } = itemOf(live);
  const now = Math.floor(ctx.clock.now().getTime() / 1000);
  const inPeriod = Math.min(Math.max(now, start), end);
  if (input.proration_date === undefined) return inPeriod;
  const given = Math.floor(Date.parse(input.proration_date) / 1000);
  if (given >= Math.max(start, inPeriod - previewAgeMaxSeconds) && given <= inPeriod) return given;
  throw invalidRequest([
    { pointer: '/body/proration_date', detail: 'must be that of a preview of the last hour' },
  ]);
}
