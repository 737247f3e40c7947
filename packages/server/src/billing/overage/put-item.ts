import type { Context } from '../../context.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import { billMetadata } from '../invoices/facts.ts';
import { idOf, isInvoiceFixed, isMissing, type Stripe } from '../provider/stripe.ts';
import { takeBack } from './move-item.ts';
import { listTypesOfBill, type OverageBill, updateIntent, updateItemCreated } from './sql.ts';

/** Where a bill's one item is meant to go. */
export interface Target {
  readonly invoice: Stripe.Invoice;
  /** Made for this bill alone. */
  readonly ownInvoice: boolean;
}

/**
 * Puts the one item of a bill onto a draft, or finds it where an earlier try whose answer was lost
 * has put it. Answers the invoice it is on; null: on none, since the target is no draft any more.
 *
 * Once, whatever ends in between and whoever else tries: the target is written down before the item
 * is asked for, another one is only taken when the first is final without it or the item was taken off it,
 * the item tells whose it is, and a repeat of the call is the very same call.
 */
export async function putItem(
  deps: BillingDeps,
  organizationId: string,
  bill: OverageBill,
  target: Target,
): Promise<Stripe.Invoice | null> {
  const ctx = systemContext(deps, organizationId);
  if (bill.stripe_item_id !== null) {
    const final = await takeBack(deps, bill.stripe_item_id);
    if (final !== null) return keepItem(ctx, bill, final, bill.stripe_item_id);
  }
  const intended = await findIntended(deps, bill, target.invoice);
  const invoice = intended ?? target.invoice;
  const found = await findItem(deps, bill, invoice);
  if (found !== null) return keepItem(ctx, bill, invoice, found);
  if (invoice.status !== 'draft') return null;
  if (intended === null) {
    const to = { stripeInvoiceId: invoice.id, ownInvoice: target.ownInvoice };
    const rows = await ctx.db.query(updateIntent(organizationId, bill, to, ctx.clock.now()));
    // Somebody else has just written down another target, and sees to it.
    if (rows.length === 0) return null;
  }
  const item = await createItem(deps, ctx, bill, invoice);
  return item === null ? null : keepItem(ctx, bill, invoice, item.id);
}

/** The invoice written down before, as long as the item is on it or can still come onto it. */
async function findIntended(
  deps: BillingDeps,
  bill: OverageBill,
  target: Stripe.Invoice,
): Promise<Stripe.Invoice | null> {
  const { stripe_invoice_id: intendedId } = bill;
  if (intendedId === null) return null;
  if (intendedId === target.id) return target;
  const intended = await deps.stripe.invoices.retrieve(intendedId).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return null;
  });
  // A draft that somebody deleted took its items with it.
  if (intended === null) return null;
  if (intended.status === 'draft') return intended;
  return (await findItem(deps, bill, intended)) === null ? null : intended;
}

async function findItem(
  deps: BillingDeps,
  bill: OverageBill,
  invoice: Stripe.Invoice,
): Promise<string | null> {
  for await (const item of deps.stripe.invoiceItems.list({ invoice: invoice.id, limit: 100 })) {
    if (item.metadata?.[billMetadata] === bill.id) return item.id;
  }
  return null;
}

async function createItem(
  deps: BillingDeps,
  ctx: Context,
  bill: OverageBill,
  invoice: Stripe.Invoice,
): Promise<Stripe.InvoiceItem | null> {
  const description = await describeBill(ctx, bill);
  const customer = idOf(invoice.customer);
  if (customer === null) throw new Error(`the invoice ${invoice.id} is nobody's`);
  try {
    return await deps.stripe.invoiceItems.create(
      {
        customer,
        invoice: invoice.id,
        amount: bill.amount_minor,
        currency: bill.currency,
        description,
        period: {
          start: secondsOf(bill.usage_period_start),
          end: secondsOf(bill.usage_period_end),
        },
        metadata: { [billMetadata]: bill.id },
      },
      { idempotencyKey: `overage item ${bill.id} ${invoice.id}` },
    );
  } catch (error) {
    if (!isInvoiceFixed(error)) throw error;
    deps.log.warn({ bill: bill.id, invoice: invoice.id }, 'overage waits for the next invoice');
    return null;
  }
}

const typesNamed = 4;

async function describeBill(ctx: Context, bill: OverageBill): Promise<string> {
  const types = await ctx.db.query<{ type: string; quantity: number }>(
    listTypesOfBill(ctx.organization.id, bill.usage_period_start),
  );
  const named = types.slice(0, typesNamed);
  const parts = named.map(({ type, quantity }) => `${quantity.toLocaleString('en')} ${type}`);
  if (types.length > typesNamed) parts.push(`${types.length - typesNamed} more types`);
  const count = bill.quantity.toLocaleString('en');
  return `${count} conversions past the limit (${parts.join(', ')})`;
}

async function keepItem(
  ctx: Context,
  bill: OverageBill,
  invoice: Stripe.Invoice,
  itemId: string,
): Promise<Stripe.Invoice> {
  const on = { stripeInvoiceId: invoice.id, stripeItemId: itemId };
  const { id } = ctx.organization;
  await ctx.db.query(updateItemCreated(id, bill.usage_period_start, on, ctx.clock.now()));
  return invoice;
}

function secondsOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
