import { AppError } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import type { ChangeSubscription } from './schema.ts';
import type { KeptPlan, PlanOnSale } from './sql.ts';

/** What a workspace wants to be on. */
export interface Target {
  readonly planId: string;
  readonly planName: string;
  readonly planVersion: number;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  readonly amountMinor: number;
  readonly trialDays: number | null;
}

/** What is to be done about a change that was asked for. */
export type Step =
  /** There is nothing to change yet: a card is asked for on a hosted page. */
  | { readonly kind: 'checkout'; readonly target: Target }
  /** Upward: prorated, invoiced and paid at once. */
  | { readonly kind: 'now'; readonly target: Target }
  | { readonly kind: 'period_end'; readonly target: Target }
  /** To Free, which is no subscription at the provider. */
  | { readonly kind: 'cancel' }
  /** Back to the present plan: what was scheduled, or waits for its payment, is dropped. */
  | { readonly kind: 'undo' };

/** What the provider has in store for the subscription. */
export interface Outlook {
  /** Alive at the provider. */
  readonly isPaid: boolean;
  /** A schedule, a cancellation at the period's end, or a change that waits for its payment. */
  readonly isToChange: boolean;
  /** Nothing is paid for yet, so that every change can be made at once. */
  readonly isTrial: boolean;
}

/** Whether a plan and interval are what the workspace is on. */
export function isPresent(kept: KeptPlan, input: ChangeSubscription): boolean {
  return input.plan_id === kept.plan_id && (input.interval ?? kept.interval) === kept.interval;
}

/** 409 for the plan that the workspace is on, unless that undoes something. */
export function decideStay(kept: KeptPlan, outlook: Outlook): Step {
  if (outlook.isPaid && outlook.isToChange) return { kind: 'undo' };
  const message = `The workspace is on the ${kept.plan_name} plan by the ${kept.interval} already.`;
  throw new AppError('conflict', message);
}

/**
 * The rule of what happens when (docs/billing.md): upward now, downward at the end of what is paid.
 *
 * @throws AppError `invalid_request`, `conflict`
 */
export function decideChange(
  kept: KeptPlan,
  outlook: Outlook,
  plan: PlanOnSale,
  input: ChangeSubscription,
): Step {
  if (plan.id === 'plan_free') return decideFree(kept, outlook, input);
  const target = targetOf(kept, outlook, plan, input);
  if (!outlook.isPaid) {
    if (input.when === 'period_end') {
      const message = 'There is no paid subscription whose period could end: it begins now.';
      throw new AppError('conflict', message);
    }
    return { kind: 'checkout', target };
  }
  const upward = outlook.isTrial || isUpward(kept, plan, target);
  if (input.when === 'now' && !upward) throw onlyLater(kept);
  if (input.when === 'period_end' && outlook.isTrial) {
    throw new AppError('conflict', 'During a trial a change takes effect at once.');
  }
  return { kind: upward && input.when !== 'period_end' ? 'now' : 'period_end', target };
}

function decideFree(kept: KeptPlan, outlook: Outlook, input: ChangeSubscription): Step {
  if (!outlook.isPaid) {
    const message = `The operator put the workspace onto the ${kept.plan_name} plan: ask there.`;
    throw new AppError('conflict', message);
  }
  if (input.when === 'now') throw onlyLater(kept);
  return { kind: 'cancel' };
}

function onlyLater(kept: KeptPlan): AppError {
  const message =
    'This change takes effect at the end of the billing period, which is paid for: ask for it with ' +
    '"when": "period_end".';
  return new AppError('conflict', message, { details: { effective_at: kept.current_period_end } });
}

/** @throws AppError `conflict` for another currency; `invalid_request` for a price there is not */
function targetOf(
  kept: KeptPlan,
  outlook: Outlook,
  plan: PlanOnSale,
  input: ChangeSubscription,
): Target {
  const fixed = outlook.isPaid ? kept.currency : kept.fixed_currency;
  if (fixed !== null && (input.currency ?? fixed) !== fixed) throw otherCurrency(fixed);
  const currency = fixed ?? input.currency ?? 'usd';
  const interval = input.interval ?? (outlook.isPaid ? kept.interval : 'month');
  const ofCurrency = plan.prices.filter((price) => price.currency === currency);
  if (ofCurrency.length === 0) {
    const names = [...new Set(plan.prices.map((price) => price.currency))].join(', ');
    const detail = names === '' ? 'has no price: its operator assigns it' : `is sold in ${names}`;
    throw invalidRequest([
      { pointer: plan.prices.length === 0 ? '/body/plan_id' : '/body/currency', detail },
    ]);
  }
  const price = ofCurrency.find((one) => one.interval === interval);
  if (price === undefined) {
    const names = ofCurrency.map((one) => one.interval).join(', ');
    throw invalidRequest([{ pointer: '/body/interval', detail: `must be one of ${names}` }]);
  }
  return {
    planId: plan.id,
    planName: plan.name,
    planVersion: plan.version,
    interval,
    currency,
    amountMinor: price.amount_minor,
    trialDays: plan.trial_days,
  };
}

export function otherCurrency(fixed: string): AppError {
  const message = `The workspace pays in ${fixed} since its first subscription.`;
  return new AppError('conflict', message, { details: { currency: fixed } });
}

/**
 * A plan is upward of another when it costs more in the same interval. For the same price it is one
 * that does not include less. By the year is upward of by the month, of a plan that is not lower.
 */
function isUpward(kept: KeptPlan, plan: PlanOnSale, target: Target): boolean {
  const step = compareAmounts(kept, plan, target);
  if (step !== 0) return step > 0;
  if (target.interval !== kept.interval) return target.interval === 'year';
  const limit = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return limit(plan.monthly_conversion_limit) >= limit(kept.monthly_conversion_limit);
}

function compareAmounts(kept: KeptPlan, plan: PlanOnSale, target: Target): number {
  const amount = kept.amount_minor ?? 0;
  const alike = plan.prices.find(
    (price) => price.currency === target.currency && price.interval === kept.interval,
  );
  if (alike !== undefined) return alike.amount_minor - amount;
  const perYear = (minor: number, interval: string) => (interval === 'year' ? minor : minor * 12);
  return perYear(target.amountMinor, target.interval) - perYear(amount, kept.interval);
}

/** 409 with the way out, for a subscription that stands still until something is paid. */
export function requireChangeable(kept: KeptPlan, status: string): void {
  const reason = stoppedBy[status];
  if (reason === undefined) return;
  throw new AppError('conflict', reason, {
    details: { subscription_status: status, invoice_url: kept.overdue_invoice_url },
  });
}

const stoppedBy: Readonly<Record<string, string>> = {
  past_due: 'An invoice is overdue: pay it (invoice_url), then change the plan.',
  unpaid: 'An invoice stayed unpaid: pay it (invoice_url), then change the plan.',
  paused:
    'The subscription is paused for want of a card: give one (POST …/billing/payment-method).',
  incomplete: 'The first payment of the subscription is not done: finish or let it lapse first.',
};
