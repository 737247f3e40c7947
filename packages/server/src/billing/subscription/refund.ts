import type { BillingDeps } from '../deps.ts';
import { isNothingUpcoming, type Stripe } from '../provider/stripe.ts';
import { itemOf } from '../sync/subscription-facts.ts';
import type { LiveSubscription } from './present.ts';

/** What is paid back of an invoice: onto the card what was paid by card, the rest to the balance. */
export interface Refund {
  readonly invoice: string;
  readonly refund_minor: number;
  readonly credit_minor: number;
}

/**
 * What is left of the paid time, by the provider's own reckoning, in minor units. Of days for nothing
 * nothing is, for which it has no invoice to preview.
 */
export async function findRest({ stripe }: BillingDeps, live: LiveSubscription): Promise<number> {
  try {
    const preview = await stripe.invoices.createPreview({
      subscription: live.id,
      subscription_details: { cancel_now: true, proration_behavior: 'always_invoice' },
    });
    return -preview.total;
  } catch (error) {
    if (!isNothingUpcoming(error)) throw error;
    return 0;
  }
}

/**
 * The rest spread over the paid invoices that reach into it, the newest first. Empty: nothing is left,
 * or nothing was paid.
 */
export async function findRefunds(
  deps: BillingDeps,
  live: LiveSubscription,
  left: number,
): Promise<readonly Refund[]> {
  const paid = await deps.stripe.invoices
    .list({ subscription: live.id, status: 'paid', limit: 100 })
    .autoPagingToArray({ limit: 1_000 });
  const refunds: Refund[] = [];
  let rest = left;
  for (const invoice of paid) {
    if (rest <= 0) break;
    if (!(await reachesInto(deps, invoice, itemOf(live).current_period_start))) continue;
    const back = invoice.post_payment_credit_notes_amount;
    const forgiven = invoice.pre_payment_credit_notes_amount;
    const amount = Math.min(rest, invoice.total - forgiven - back);
    if (amount <= 0) continue;
    const byCard = Math.min(amount, Math.max(0, invoice.amount_paid - back));
    refunds.push({ invoice: invoice.id, refund_minor: byCard, credit_minor: amount - byCard });
    rest -= amount;
  }
  return refunds;
}

async function reachesInto(
  deps: BillingDeps,
  { id, lines }: Stripe.Invoice,
  periodStart: number,
): Promise<boolean> {
  const all = lines.has_more
    ? await deps.stripe.invoices
        .listLineItems(id, { limit: 100 })
        .autoPagingToArray({ limit: 10_000 })
    : lines.data;
  return all.some(({ period }) => period.end > periodStart);
}
