import { ensurePrice } from '../catalogue/catalogue.ts';
import type { BillingDeps } from '../deps.ts';
import { isMissing } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import { isCancelling, type LiveSubscription, migrationMember, scheduleOf } from './present.ts';
import type { Refund } from './refund.ts';
import type { ChangeRow } from './sql.ts';

/**
 * The calls to the provider that make a change. Each carries a key that follows from the change's
 * row, so that a repeat after a crash or a lost answer does the same thing once.
 */
export async function carryOut(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
): Promise<void> {
  switch (change.kind) {
    case 'now':
      return changeNow(deps, live, change);
    case 'period_end':
      return schedule(deps, live, change, { change: change.id, [migrationMember]: '' });
    case 'undo':
      await release(deps, live, change);
      await dropPending(deps, live, change);
      return setCancelling(deps, live, change, false);
    case 'cancel':
      await release(deps, live, change);
      await dropPending(deps, live, change);
      return setCancelling(deps, live, change, true);
    case 'resume':
      return setCancelling(deps, live, change, false);
    case 'end':
      return end(deps, live, change);
    case 'trial':
      return setTrialEnd(deps, live, change);
  }
}

const key = (change: ChangeRow, step: string) => ({ idempotencyKey: `${change.id} ${step}` });

/** The wanted items, and how they are paid: the same for the preview and the change. */
export function paidAtOnce(live: LiveSubscription, price: string, prorationDate: number) {
  return {
    items: [{ id: itemOf(live).id, price }],
    proration_behavior: 'always_invoice' as const,
    proration_date: prorationDate,
  };
}

/**
 * Prorated, invoiced and charged at once; where the charge fails the plan stays, and the change
 * waits for its payment. The provider moves the anchor by itself where the interval is another.
 */
async function changeNow(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
): Promise<void> {
  const price = await priceOf(deps, change);
  await release(deps, live, change);
  const { pending_update: pending } = await deps.stripe.subscriptions.update(
    live.id,
    {
      ...paidAtOnce(live, price, Number(change.detail['proration_date'])),
      payment_behavior: 'pending_if_incomplete',
    },
    key(change, 'now'),
  );
  // Who changes the plan stays; asked in a call of its own, since it cannot wait for a payment.
  if (pending === null) await setCancelling(deps, live, change, false);
}

function priceOf(deps: BillingDeps, change: ChangeRow): Promise<string> {
  const { plan_id: planId, plan_version: version, currency, interval } = change;
  return ensurePrice(deps, { planId, version, currency, interval });
}

/** The present terms to the end of what is paid, then the new ones. */
async function schedule(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
  metadata: Record<string, string>,
): Promise<void> {
  await dropPending(deps, live, change);
  await setCancelling(deps, live, change, false);
  const price = await priceOf(deps, change);
  const { subscriptionSchedules: schedules } = deps.stripe;
  const existing = scheduleOf(live);
  const { id, current_phase: phase } =
    existing ?? (await schedules.create({ from_subscription: live.id }, key(change, 'schedule')));
  const item = itemOf(live);
  await schedules.update(
    id,
    {
      end_behavior: 'release',
      proration_behavior: 'none',
      metadata,
      phases: [
        {
          items: [{ price: item.price.id, quantity: 1 }],
          start_date: phase?.start_date ?? item.current_period_start,
          end_date: item.current_period_end,
          proration_behavior: 'none',
          // A phase without it would end the trial.
          ...(live.status === 'trialing' && live.trial_end !== null
            ? { trial_end: live.trial_end }
            : {}),
        },
        {
          items: [{ price, quantity: 1 }],
          duration: { interval: change.interval, interval_count: 1 },
          proration_behavior: 'none',
        },
      ],
    },
    key(change, 'phases'),
  );
}

/** An operator's move to a newer version of the plan, at the end of the period. */
export async function scheduleMigration(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
  migrationId: string,
): Promise<void> {
  await schedule(deps, live, change, { [migrationMember]: migrationId });
}

async function release(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
): Promise<void> {
  const existing = scheduleOf(live);
  if (existing === null) return;
  await deps.stripe.subscriptionSchedules.release(existing.id, {}, key(change, 'release'));
}

/**
 * A change that waits for its payment gives way to a newer one: to the items as they are. The
 * provider voids its invoice.
 */
async function dropPending(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
): Promise<void> {
  if (live.pending_update === null) return;
  const { id, price } = itemOf(live);
  await deps.stripe.subscriptions.update(
    live.id,
    { items: [{ id, price: price.id }], proration_behavior: 'none' },
    key(change, 'drop'),
  );
}

async function setCancelling(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
  wanted: boolean,
): Promise<void> {
  if (isCancelling(live) === wanted) return;
  await deps.stripe.subscriptions.update(
    live.id,
    { cancel_at_period_end: wanted },
    key(change, wanted ? 'cancel' : 'keep'),
  );
}

async function setTrialEnd(
  deps: BillingDeps,
  live: LiveSubscription,
  change: ChangeRow,
): Promise<void> {
  await deps.stripe.subscriptions.update(
    live.id,
    { trial_end: Number(change.detail['trial_end']), proration_behavior: 'none' },
    key(change, 'trial'),
  );
}

/**
 * Ends it now. What is left of the paid time is credited to the balance, or paid back from the invoices
 * that it was paid with, as `findRefunds` reckoned when it was asked for.
 */
async function end(deps: BillingDeps, live: LiveSubscription, change: ChangeRow): Promise<void> {
  const { settlement, refunds } = change.detail as {
    settlement: string;
    refunds: readonly Refund[];
  };
  for (const refund of refunds) {
    const { invoice, refund_minor, credit_minor } = refund;
    // A key holds for a day; the note itself tells for ever.
    if (await isPaidBack(deps, invoice, change)) continue;
    await deps.stripe.creditNotes.create(
      {
        invoice,
        amount: refund_minor + credit_minor,
        refund_amount: refund_minor,
        credit_amount: credit_minor,
        reason: 'order_change',
        metadata: { change: change.id },
      },
      key(change, `refund ${invoice}`),
    );
  }
  const isCredited = settlement === 'credit';
  try {
    await deps.stripe.subscriptions.cancel(
      live.id,
      { prorate: isCredited, invoice_now: isCredited },
      key(change, 'end'),
    );
  } catch (error) {
    // It ended by a try whose answer was lost: no key holds for a DELETE.
    if (!isMissing(error)) throw error;
  }
}

async function isPaidBack(deps: BillingDeps, invoice: string, change: ChangeRow): Promise<boolean> {
  const { data } = await deps.stripe.creditNotes.list({ invoice, limit: 100 });
  return data.some(({ metadata }) => metadata?.['change'] === change.id);
}
