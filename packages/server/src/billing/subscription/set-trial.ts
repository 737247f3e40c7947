import type { Context } from '../../context.ts';
import { AppError, notFound } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import { requireOperator } from '../../organizations/organizations.ts';
import type { Subscription } from '../../subscriptions/schema.ts';
import { findSubscription } from '../../subscriptions/subscriptions.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { ensureCustomer } from '../customer/customer.ts';
import type { BillingDeps } from '../deps.ts';
import { askStripe, dateOf } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import { beginChange, completeChange, findBegun, rowOfPresent } from './changes.ts';
import { closeCheckouts } from './checkout.ts';
import { decideChange, requireChangeable, type Target } from './decide-change.ts';
import { findPresent, type LiveSubscription, outlookOf, type Present } from './present.ts';
import type { StartTrial } from './schema.ts';
import { type ChangeRow, findPlanOnSale, type PlanOnSale } from './sql.ts';

const trialDaysMax = 730;

/**
 * Lets a workspace have its plan for nothing until a day: one that pays for a plan, from now on; one
 * that does not, the plan that is named, without a card. Where there is none when it ends, the
 * workspace is back on Free.
 *
 * @throws AppError `not_found`, `invalid_request`, `conflict`, `overloaded`
 */
export async function setTrial(
  deps: BillingDeps,
  ctx: Context,
  input: StartTrial,
  changeId: string,
): Promise<Subscription> {
  requireOperator(ctx);
  const endMs = Date.parse(input.ends_at);
  const nowMs = ctx.clock.now().getTime();
  if (endMs <= nowMs || endMs > nowMs + trialDaysMax * 86_400_000) {
    const detail = `must be in the future, at most ${trialDaysMax} days ahead`;
    throw invalidRequest([{ pointer: '/body/ends_at', detail }]);
  }
  let change = await findBegun(deps, ctx, changeId);
  if (change === null) {
    const present = await askStripe(() => findPresent(deps, ctx));
    change = await rowOf(ctx, present, input, changeId, Math.floor(endMs / 1000));
    await beginChange(ctx, change);
  }
  const row = change;
  await completeChange(deps, ctx, row, () => startTrial(deps, ctx, row));
  return findSubscription(ctx);
}

async function rowOf(
  ctx: Context,
  { kept, live }: Present,
  input: StartTrial,
  id: string,
  trialEnd: number,
): Promise<ChangeRow> {
  const detail = { trial_end: trialEnd };
  if (live !== null) {
    requireChangeable(kept, live.status);
    if (input.plan_id === undefined) {
      requireLater(live, trialEnd);
      return rowOfPresent(id, 'trial', kept, detail);
    }
    const message = 'The workspace has a subscription: leave plan_id out to give that days free.';
    throw new AppError('conflict', message);
  }
  const { planId, planVersion, interval, currency } = await targetOf(ctx, kept, input);
  return {
    id,
    kind: 'trial',
    plan_id: planId,
    plan_version: planVersion,
    interval,
    currency,
    detail,
  };
}

/** Days are given on top of what is paid, and a change to come is for the date it was made for. */
function requireLater(live: LiveSubscription, trialEnd: number): void {
  if (outlookOf(live).isToChange) {
    const message = 'A change of the subscription is to come: take it back first.';
    throw new AppError('conflict', message);
  }
  const paidUntil = itemOf(live).current_period_end;
  if (live.status === 'trialing' || trialEnd >= paidUntil) return;
  const detail = `must not be before what is paid ends: ${dateOf(paidUntil).toISOString()}`;
  throw invalidRequest([{ pointer: '/body/ends_at', detail }]);
}

async function targetOf(
  ctx: Context,
  kept: Present['kept'],
  { plan_id, interval, currency }: StartTrial,
): Promise<Target> {
  if (plan_id === undefined) {
    const detail = 'is required for a workspace without a paid subscription';
    throw invalidRequest([{ pointer: '/body/plan_id', detail }]);
  }
  const [plan] = await ctx.db.query<PlanOnSale>(findPlanOnSale(ctx.organization.id, plan_id));
  if (plan === undefined) throw notFound('plan');
  const step = decideChange(kept, outlookOf(null), plan, { plan_id, interval, currency });
  if (step.kind !== 'checkout') throw new Error('a workspace without a subscription starts one');
  return step.target;
}

/** Starts the trial of a workspace without a subscription. May be repeated with the same row. */
export async function startTrial(
  deps: BillingDeps,
  ctx: Context,
  change: ChangeRow,
): Promise<void> {
  const { plan_id: planId, plan_version: version, interval, currency } = change;
  const customer = await ensureCustomer(deps, ctx);
  await closeCheckouts(deps, ctx, customer);
  const price = await ensurePrice(deps, { planId, version, interval, currency });
  await deps.stripe.subscriptions.create(
    {
      customer,
      items: [{ price }],
      trial_end: Number(change.detail['trial_end']),
      trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
      billing_mode: { type: 'flexible' },
      metadata: { organization_id: ctx.organization.id },
    },
    { idempotencyKey: `${change.id} start` },
  );
}
