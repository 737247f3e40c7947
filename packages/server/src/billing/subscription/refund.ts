import type { BillingDeps } from '../deps.ts';
import type { LiveSubscription } from './present.ts';

/** What is paid back of an invoice: onto the card what was paid by card, the rest to the balance. */
export interface Refund {
  readonly invoice: string;
  readonly refund_minor: number;
  readonly credit_minor: number;
}

/**
 * What is left of the paid time, by the provider's own reckoning, and the newest paid invoice that
 * it can be paid back from. Null: nothing is left, or nothing was paid.
 */
export async function findRefund(
  deps: BillingDeps,
  live: LiveSubscription,
): Promise<Refund | null> {
  const { invoices } = deps.stripe;
  const preview = await invoices.createPreview({
    subscription: live.id,
    subscription_details: { cancel_now: true, proration_behavior: 'always_invoice' },
  });
  const paid = await invoices
    .list({ subscription: live.id, status: 'paid', limit: 100 })
    .autoPagingToArray({ limit: 1_000 });
  const invoice = paid.find(({ total }) => total > 0);
  if (invoice === undefined) return null;
  const left = invoice.total - invoice.post_payment_credit_notes_amount;
  const amount = Math.min(-preview.total, left);
  if (amount <= 0) return null;
  const byCard = Math.min(amount, invoice.amount_paid);
  return { invoice: invoice.id, refund_minor: byCard, credit_minor: amount - byCard };
}
