import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
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
  const invoice = await findInvoice(deps, bill.stripe_invoice_id ?? '');
  if (invoice === null) {
    await forgetDraft(ctx, bill);
    return false;
  }
  if (invoice.status !== 'draft') return false;
  if (invoice.auto_advance === true) return true;
  const { id: ownId } = await makeDraft();
  await ctx.db.query(updateMove(id, bill, ownId, ctx.clock.now()));
  return false;
}

/** Null: somebody deleted it. */
export async function findInvoice(
  { stripe }: BillingDeps,
  invoiceId: string,
): Promise<Stripe.Invoice | null> {
  return stripe.invoices.retrieve(invoiceId).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return null;
  });
}

/**
 * The draft that a bill was meant for was deleted at the provider, and its items with it: it is still
 * owed, so another invoice takes it. Told once.
 */
export async function forgetDraft(ctx: Context, bill: OverageBill): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const torn = await tx.query(updateTornOff(ctx.organization.id, bill, ctx.clock.now()));
    if (torn.length === 0) return;
    const { id, amount_minor, currency, usage_period_start } = bill;
    await recordBillingEvent(tx, ctx, {
      type: 'overage.draft_deleted',
      summary:
        'The draft with the conversions past the limit was deleted at the payment provider: ' +
        'another invoice takes them',
      data: { amount_minor, currency, usage_period_start },
    });
    await appendAudit(tx, ctx, {
      action: 'overage.draft_deleted',
      target: { kind: 'overage_bill', id },
      before: { stripe_invoice_id: bill.stripe_invoice_id },
      after: { stripe_invoice_id: null },
    });
  });
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
