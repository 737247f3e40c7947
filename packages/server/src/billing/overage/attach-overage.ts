import { type BillingDeps, systemContext } from '../deps.ts';
import { putItem } from './put-item.ts';
import { sealOverage } from './seal-bills.ts';
import { listBillsToCollect, type OverageBill } from './sql.ts';
import { dateOf, type Stripe } from '../provider/stripe.ts';

/**
 * Puts what a workspace used past its limits, in the usage periods that are over, onto the draft of
 * its renewal: one item a bill. An invoice that is no draft any more, or a draft that stays one, is left
 * alone, and the next one takes the bill. May be repeated, by any number at once.
 */
export async function attachOverage(
  deps: BillingDeps,
  organizationId: string,
  invoice: Stripe.Invoice,
): Promise<void> {
  const ctx = systemContext(deps, organizationId);
  // A renewal is made when its period ends: that one is over, though our clock may be behind.
  await sealOverage(ctx, { collected: true, periodEnd: dateOf(invoice.created) });
  // Kept as a draft (unpaid before, collection paused): what it took would never be collected.
  if (invoice.status === 'draft' && invoice.auto_advance !== true) return;
  const bills = await deps.db.query<OverageBill>(listBillsToCollect(organizationId));
  for (const bill of bills) {
    if (bill.currency !== invoice.currency) continue;
    await putItem(deps, organizationId, bill, { invoice, ownInvoice: false });
  }
}
