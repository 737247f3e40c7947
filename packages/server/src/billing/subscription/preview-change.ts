import type { Context } from '../../context.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import type { BillingDeps } from '../deps.ts';
import { askStripe, dateOf, type Stripe } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import { paidAtOnce } from './carry-out.ts';
import { decide, prorationDateOf } from './change-plan.ts';
import { trialDaysOf } from './checkout.ts';
import type { Step, Target } from './decide-change.ts';
import type { LiveSubscription, Present } from './present.ts';
import type { ChangeSubscription, SubscriptionPreview } from './schema.ts';
import { findFirstPeriod } from './sql.ts';

/**
 * The invoice that a change would make, to the cent: the provider's own preview, with the moment
 * pinned that the change is then given. Nothing is changed.
 *
 * @throws AppError as `changePlan`
 */
export async function previewChange(
  deps: BillingDeps,
  ctx: Context,
  input: ChangeSubscription,
): Promise<SubscriptionPreview> {
  const { present, step } = await decide(deps, ctx, input);
  if (step.kind === 'now' && present.live !== null) {
    return ofUpgrade(deps, ctx, present.live, step.target, input);
  }
  if (step.kind === 'checkout') return ofFirst(deps, ctx, present, step.target);
  return ofLater(present, step);
}

async function ofUpgrade(
  deps: BillingDeps,
  ctx: Context,
  live: LiveSubscription,
  target: Target,
  input: ChangeSubscription,
): Promise<SubscriptionPreview> {
  const { planId, planVersion: version, currency, interval } = target;
  const at = prorationDateOf(ctx, live, input);
  const blank = { ...common(target, 'now', dateOf(at).toISOString()), checkout: false };
  if (live.status === 'trialing') return { ...blank, ...nothingDue };
  const invoice = await askStripe(async () => {
    const price = await ensurePrice(deps, { planId, version, currency, interval });
    return deps.stripe.invoices.createPreview({
      subscription: live.id,
      subscription_details: paidAtOnce(live, price, at),
    });
  });
  return {
    ...blank,
    proration_date: dateOf(at).toISOString(),
    trial_ends_at: null,
    ...amountsOf(invoice),
  };
}

const dayMs = 86_400_000;

const nothingDue = {
  proration_date: null,
  trial_ends_at: null,
  lines: [],
  total_minor: 0,
  amount_due_minor: 0,
};

function common(target: Target, when: 'now' | 'period_end', effectiveAt: string) {
  return {
    object: 'subscription_preview' as const,
    plan_id: target.planId,
    interval: target.interval,
    currency: target.currency,
    when,
    effective_at: effectiveAt,
    recurring_amount_minor: target.amountMinor,
  };
}

function amountsOf(invoice: Stripe.Invoice) {
  return {
    lines: invoice.lines.data.map((line) => ({
      kind: isProration(line) ? ('proration' as const) : ('base' as const),
      description: line.description ?? '',
      quantity: line.quantity ?? 1,
      amount_minor: line.amount,
      period: {
        start: dateOf(line.period.start).toISOString(),
        end: dateOf(line.period.end).toISOString(),
      },
    })),
    total_minor: invoice.total,
    amount_due_minor: invoice.amount_due,
  };
}

function isProration({ parent }: Stripe.InvoiceLineItem): boolean {
  return (
    parent?.invoice_item_details?.proration === true ||
    parent?.subscription_item_details?.proration === true
  );
}

/** A first invoice is one full period: there is nothing to reckon. */
async function ofFirst(
  deps: BillingDeps,
  ctx: Context,
  { kept }: Present,
  target: Target,
): Promise<SubscriptionPreview> {
  const now = ctx.clock.now();
  const blank = { ...common(target, 'now', now.toISOString()), checkout: true };
  const trialDays = await askStripe(() => trialDaysOf(deps, kept.stripe_customer_id, target));
  if (trialDays !== null) {
    const end = new Date(now.getTime() + trialDays * dayMs);
    return { ...blank, ...nothingDue, trial_ends_at: end.toISOString() };
  }
  const statement = findFirstPeriod(now, target.interval);
  const [period] = await ctx.db.query<{ period_end: string }>(statement);
  const end = new Date(period?.period_end ?? now);
  return {
    ...blank,
    proration_date: null,
    trial_ends_at: null,
    lines: [
      {
        kind: 'base',
        description: target.planName,
        quantity: 1,
        amount_minor: target.amountMinor,
        period: { start: now.toISOString(), end: end.toISOString() },
      },
    ],
    total_minor: target.amountMinor,
    amount_due_minor: Math.max(0, target.amountMinor - Math.max(0, kept.balance_minor)),
  };
}

/** Nothing is invoiced before the period's end; undoing a change costs nothing at all. */
function ofLater({ kept, live }: Present, step: Step): SubscriptionPreview {
  const target: Target =
    step.kind === 'period_end'
      ? step.target
      : {
          planId: step.kind === 'cancel' ? 'plan_free' : kept.plan_id,
          planName: kept.plan_name,
          planVersion: kept.plan_version,
          interval: kept.interval,
          currency: kept.currency,
          amountMinor: step.kind === 'cancel' ? 0 : (kept.amount_minor ?? 0),
          trialDays: null,
        };
  const end = live === null ? kept.current_period_end : dateOf(itemOf(live).current_period_end);
  const effectiveAt = new Date(end).toISOString();
  return { ...common(target, 'period_end', effectiveAt), checkout: false, ...nothingDue };
}
