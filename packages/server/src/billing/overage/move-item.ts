import type { Context } from '../../context.ts';
import type { BillingDeps } from '../deps.ts';
import { idOf, isMissing, type Stripe } from '../provider/stripe.ts';
import { type OverageBill, updateMove, updateTornOff } from './sql.ts';

/**
 * Looks after a bill whose item is on the draft of a renewal that may never be finalized: its
 * subscription has ended or is unpaid. Then the bill is meant for `makeDraft`'s invoice instead; the
 * item is taken off the draft before another one is made (`takeBack`).
 *
 * @returns whether the draft is still on its way, so that somebody has to look again
 */
export async function leaveDraft(
  deps: BillingDeps,
  ctx: Context,
  bill: OverageBill,
  makeDraft: () => Promise<Stripe.Invoice>,
): Promise<boolean> {
  const { id } = ctx.organization;
  const asOf = ctx.clock.now();
  const invoice = await deps.stripe.invoices
    .retrieve(bill.stripe_invoice_id ?? '')
    .catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return null;
    });
  if (invoice === null) {
    // Deleted, and its items with it.
    await ctx.db.query(updateTornOff(id, bill, asOf));
    return false;
  }
  if (invoice.status !== 'draft') return false;
  if (invoice.auto_advance === true) return true;
  const { id: ownId } = await makeDraft();
  await ctx.db.query(updateMove(id, bill, ownId, asOf));
  return false;
}

/**
 * Deletes the item of a bill that is meant for another invoice now. Where its draft was finalized
 * meanwhile, that invoice keeps it: answered, and no other one may get an item.
 */
export async function takeBack(deps: BillingDeps, itemId: string): Promise<Stripe.Invoice | null> {
  try {
    await deps.stripe.invoiceItems.del(itemId);
    return null;
  } catch (error) {
    if (isMissing(error)) return null;
    const item = await deps.stripe.invoiceItems.retrieve(itemId);
    const invoice = await deps.stripe.invoices.retrieve(idOf(item.invoice) ?? '');
    if (invoice.status === 'draft') throw error;
    return invoice;
  }
}
