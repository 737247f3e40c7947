import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { ensureCustomer } from '../customer/customer.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import { planWork } from '../due-work/due-work.ts';
import type { DueWorkRow } from '../due-work/sql.ts';
import { billMetadata } from '../invoices/facts.ts';
import type { Stripe } from '../provider/stripe.ts';
import { findInvoice, forgetDraft, leaveDraft } from './move-item.ts';
import { putItem } from './put-item.ts';
import { sealOverage } from './seal-bills.ts';
import {
  findPayingState,
  findWaitingBill,
  hastenOverageWork,
  listBillsOnDrafts,
  listBillsOnOwnDrafts,
  listBillsToCollect,
  type OverageBill,
  type PayingState,
} from './sql.ts';

const hourMs = 3_600_000;
/** A renewal that is further away is none of a month: days for nothing come before it. */
const monthMs = 31 * 24 * hourMs;
const daysUntilDue = 30;

/**
 * An hour after a usage period: what no renewal will take gets an invoice of its own. A monthly
 * subscription's renewal takes it; yearly ones and long trials renew too seldom, the drafts of an unpaid one stay
 * drafts, and one that ended has none. What is on a draft that stays one leaves it.
 */
export async function invoiceOverage(deps: BillingDeps, work: DueWorkRow): Promise<void> {
  const { organization_id: organizationId, kind, reference, data } = work;
  const ctx = systemContext(deps, organizationId);
  const [state] = await deps.db.query<PayingState>(findPayingState(organizationId));
  if (state === undefined) return;
  const again = (at: number) =>
    planWork(deps.db, { organizationId, kind, reference, dueAt: new Date(at + hourMs), data });
  // Begun before a crash or a refusal: no renewal takes what is meant for them.
  await issueOwn(deps, ctx, state);
  const now = deps.clock.now().getTime();
  const renewal = Date.parse(state.current_period_end);
  if (isRenewedMonthly(state) && renewal <= now + monthMs) {
    if (!(await isWaiting(ctx, reference))) return;
    await again(Math.max(renewal, now));
    return;
  }
  const cutAt = typeof data.cut_at === 'string' ? new Date(data.cut_at) : null;
  await sealOverage(ctx, { collected: true, cutAt });
  const isOnItsWay = await leaveDrafts(deps, ctx);
  const bills = await deps.db.query<OverageBill>(listBillsToCollect(organizationId));
  for (const bill of bills) await invoiceBill(deps, ctx, bill);
  await issueOwn(deps, ctx, state);
  if (isOnItsWay) await again(now);
  // Not to be sealed yet, or meant for another invoice: nobody else would look again.
  else if (await isWaiting(ctx, reference)) await again(now + 23 * hourMs);
}

/** A subscription has ended: what it owes for conversions is due an hour later, in one invoice. */
export async function hastenOverage(
  tx: Queryable,
  organizationId: string,
  endedAt: Date,
): Promise<void> {
  await tx.query(hastenOverageWork(organizationId, endedAt));
}

const renewed = new Set(['trialing', 'active', 'past_due']);

function isRenewedMonthly(state: PayingState): boolean {
  const isAlive = state.stripe_subscription_id !== null && renewed.has(state.status);
  return isAlive && state.interval === 'month';
}

async function isWaiting(ctx: Context, usagePeriodStart: string): Promise<boolean> {
  return (await ctx.db.query(findWaitingBill(ctx.organization.id, usagePeriodStart))).length > 0;
}

/** @returns whether one of the drafts is still to be finalized by the provider */
async function leaveDrafts(deps: BillingDeps, ctx: Context): Promise<boolean> {
  const bills = await deps.db.query<OverageBill>(listBillsOnDrafts(ctx.organization.id));
  let isOnItsWay = false;
  for (const bill of bills) {
    if (await leaveDraft(deps, ctx, bill, () => makeDraft(deps, ctx, bill))) isOnItsWay = true;
  }
  return isOnItsWay;
}

/** Sees the invoices through that were begun for a bill alone. */
async function issueOwn(deps: BillingDeps, ctx: Context, state: PayingState): Promise<void> {
  const { id } = ctx.organization;
  const listOwn = () => deps.db.query<OverageBill>(listBillsOnOwnDrafts(id));
  for (const bill of await listOwn()) await findOwn(deps, ctx, bill);
  const bills = await deps.db.query<OverageBill>(listBillsToCollect(id));
  for (const bill of bills) if (bill.own_invoice) await invoiceBill(deps, ctx, bill);
  const hasCard = state.stripe_payment_method_id !== null;
  for (const bill of await listOwn()) await issue(deps, bill.stripe_invoice_id ?? '', hasCard);
}

/** The invoice that was begun for a bill alone; null: there is none, or somebody deleted it. */
async function findOwn(
  deps: BillingDeps,
  ctx: Context,
  bill: OverageBill,
): Promise<Stripe.Invoice | null> {
  if (!bill.own_invoice || bill.stripe_invoice_id === null) return null;
  const invoice = await findInvoice(deps, bill.stripe_invoice_id);
  if (invoice === null) await forgetDraft(ctx, bill);
  return invoice;
}

async function invoiceBill(deps: BillingDeps, ctx: Context, bill: OverageBill): Promise<void> {
  const begun = await findOwn(deps, ctx, bill);
  const isLost = begun === null && bill.own_invoice;
  const meant = isLost ? { ...bill, stripe_invoice_id: null } : bill;
  const invoice = begun ?? (await makeDraft(deps, ctx, bill));
  await putItem(deps, ctx.organization.id, meant, { invoice, ownInvoice: true });
}

/**
 * Goes nowhere by itself: a draft whose bill went elsewhere meanwhile stays empty and is never sent. A
 * repeat finds the same one, and one of its own after each that was deleted.
 */
async function makeDraft(
  deps: BillingDeps,
  ctx: Context,
  bill: OverageBill,
): Promise<Stripe.Invoice> {
  const customer = await ensureCustomer(deps, ctx);
  const params: Stripe.InvoiceCreateParams = {
    customer,
    currency: bill.currency,
    auto_advance: false,
    pending_invoice_items_behavior: 'exclude',
    metadata: { [billMetadata]: bill.id },
  };
  let key = `overage invoice ${bill.id} ${customer}`;
  for (;;) {
    const { id } = await deps.stripe.invoices.create(params, { idempotencyKey: key });
    const invoice = await findInvoice(deps, id);
    if (invoice !== null) return invoice;
    key = `overage invoice ${bill.id} after ${id}`;
  }
}

/** Charged to the card on file; without one the provider mails it, to be paid within a month. */
async function issue(deps: BillingDeps, invoiceId: string, hasCard: boolean): Promise<void> {
  const invoice = await deps.stripe.invoices.retrieve(invoiceId);
  if (invoice.status !== 'draft') return;
  if (!hasCard) {
    const terms = { collection_method: 'send_invoice', days_until_due: daysUntilDue } as const;
    await deps.stripe.invoices.update(invoiceId, terms);
  }
  await deps.stripe.invoices.finalizeInvoice(invoiceId, { auto_advance: true });
}
