import { sql, type Statement } from '../../db/sql.ts';

/** A bill of one usage period. Money in minor units of `currency`. */
export interface OverageBill {
  readonly id: string;
  readonly usage_period_start: string;
  readonly usage_period_end: string;
  readonly currency: string;
  readonly state: 'computed' | 'item_created' | 'invoiced';
  readonly amount_minor: number;
  readonly quantity: number;
  readonly collected: boolean;
  readonly stripe_invoice_id: string | null;
  readonly stripe_item_id: string | null;
  readonly own_invoice: boolean;
}

export interface Sealing {
  /** The payment provider's word that a period has ended, by its clock. */
  readonly periodEnd: Date | null;
  /** Where the subscription ended: the running period is billed up to then. */
  readonly cutAt: Date | null;
}

export function sealBills(organizationId: string, sealing: Sealing, asOf: Date): Statement {
  return sql`SELECT seal_overage_bills(${organizationId}, ${sealing.periodEnd}::timestamptz,
    ${sealing.cutAt}::timestamptz, ${asOf}::timestamptz)`;
}

/** Sealed, their lines not written yet. */
export function listSealedBills(organizationId: string): Statement {
  return sql`SELECT usage_period_start FROM overage_bills
    WHERE organization_id = ${organizationId} AND state = 'open' AND sealed_at IS NOT NULL
    ORDER BY usage_period_start`;
}

/** `computed`: this very call did it. */
export function computeBill(
  organizationId: string,
  bill: { usagePeriodStart: string; id: string; collected: boolean },
  asOf: Date,
): Statement {
  const { usagePeriodStart, id, collected } = bill;
  return sql`SELECT compute_overage_bill(${organizationId}, ${usagePeriodStart}::timestamptz, ${id},
    ${collected}::boolean, ${asOf}::timestamptz) AS computed`;
}

const billColumns = sql`id, usage_period_start, usage_period_end, currency, state, amount_minor,
  quantity, collected, stripe_invoice_id, stripe_item_id, own_invoice`;

export function findBill(organizationId: string, usagePeriodStart: string): Statement {
  return sql`SELECT ${billColumns} FROM overage_bills
    WHERE organization_id = ${organizationId} AND state <> 'open'
      AND usage_period_start = ${usagePeriodStart}::timestamptz`;
}

/** Computed, and not on an invoice yet; what rounds to nothing needs none. */
export function listBillsToCollect(organizationId: string): Statement {
  return sql`SELECT ${billColumns} FROM overage_bills
    WHERE organization_id = ${organizationId} AND state = 'computed' AND collected
      AND amount_minor > 0
    ORDER BY usage_period_start`;
}

/** Their items are on drafts of renewals, as far as we know. */
export function listBillsOnDrafts(organizationId: string): Statement {
  return sql`SELECT ${billColumns} FROM overage_bills
    WHERE organization_id = ${organizationId} AND state = 'item_created' AND NOT own_invoice
    ORDER BY usage_period_start`;
}

/** From a draft to an invoice of its own. The item it still names is to be taken off first. */
export function updateMove(
  organizationId: string,
  bill: OverageBill,
  ownInvoiceId: string,
  asOf: Date,
): Statement {
  return sql`UPDATE overage_bills SET state = 'computed', own_invoice = true,
      stripe_invoice_id = ${ownInvoiceId}, updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND state = 'item_created'
      AND usage_period_start = ${bill.usage_period_start}::timestamptz
      AND stripe_item_id = ${bill.stripe_item_id}`;
}

/** Its draft is gone, with the item where that was on it; one on a draft before is still to be taken off. */
export function updateTornOff(organizationId: string, bill: OverageBill, asOf: Date): Statement {
  return sql`UPDATE overage_bills SET state = 'computed', stripe_invoice_id = NULL,
      stripe_item_id = CASE state WHEN 'computed' THEN stripe_item_id END, updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND state = ${bill.state}
      AND usage_period_start = ${bill.usage_period_start}::timestamptz
      AND stripe_invoice_id = ${bill.stripe_invoice_id}
      AND stripe_item_id IS NOT DISTINCT FROM ${bill.stripe_item_id}
    RETURNING id`;
}

/** How many of each type, the most first: for the text of the item. */
export function listTypesOfBill(organizationId: string, usagePeriodStart: string): Statement {
  return sql`SELECT type, sum(quantity)::bigint AS quantity FROM overage_bill_lines
    WHERE organization_id = ${organizationId}
      AND usage_period_start = ${usagePeriodStart}::timestamptz
    GROUP BY type ORDER BY quantity DESC, type`;
}

/**
 * Which invoice a bill's item is meant for, before the provider is asked for it: of two who would put
 * it onto two invoices, one gets a row.
 */
export function updateIntent(
  organizationId: string,
  bill: OverageBill,
  to: { stripeInvoiceId: string; ownInvoice: boolean },
  asOf: Date,
): Statement {
  return sql`UPDATE overage_bills SET stripe_invoice_id = ${to.stripeInvoiceId},
      own_invoice = ${to.ownInvoice}::boolean, updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND state = 'computed'
      AND usage_period_start = ${bill.usage_period_start}::timestamptz
      AND stripe_invoice_id IS NOT DISTINCT FROM ${bill.stripe_invoice_id}
    RETURNING ${billColumns}`;
}

export function updateItemCreated(
  organizationId: string,
  usagePeriodStart: string,
  on: { stripeInvoiceId: string; stripeItemId: string },
  asOf: Date,
): Statement {
  return sql`UPDATE overage_bills SET state = 'item_created',
      stripe_invoice_id = ${on.stripeInvoiceId}, stripe_item_id = ${on.stripeItemId},
      updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND state = 'computed'
      AND usage_period_start = ${usagePeriodStart}::timestamptz`;
}

/** Made for a bill alone and not finalized as far as we know. */
export function listBillsOnOwnDrafts(organizationId: string): Statement {
  return sql`SELECT ${billColumns} FROM overage_bills
    WHERE organization_id = ${organizationId} AND own_invoice AND state = 'item_created'
    ORDER BY usage_period_start`;
}

/** It still gathers, or no invoice has taken it for good. */
export function findWaitingBill(organizationId: string, usagePeriodStart: string): Statement {
  return sql`SELECT 1 AS waits FROM overage_bills
    WHERE organization_id = ${organizationId}
      AND usage_period_start = ${usagePeriodStart}::timestamptz
      AND (state = 'open' OR (state = 'item_created' AND NOT own_invoice)
        OR (state = 'computed' AND collected AND amount_minor > 0))`;
}

export interface PayingState {
  readonly stripe_subscription_id: string | null;
  readonly stripe_payment_method_id: string | null;
  readonly status: string;
  readonly interval: 'month' | 'year';
  readonly current_period_end: string;
}

export function findPayingState(organizationId: string): Statement {
  return sql`SELECT stripe_subscription_id, stripe_payment_method_id, status, interval,
      current_period_end
    FROM organization_subscriptions WHERE organization_id = ${organizationId}`;
}

/** The bills of a subscription that ended are due an hour after its end, whenever they were. */
export function hastenOverageWork(organizationId: string, endedAt: Date): Statement {
  return sql`UPDATE due_work SET data = jsonb_build_object('cut_at', rfc3339(${endedAt}::timestamptz)),
      due_at = least(due_at, ${endedAt}::timestamptz + interval '1 hour'), next_attempt_at = now()
    WHERE organization_id = ${organizationId} AND kind = 'overage_invoice'`;
}

export function listDueOverage(asOf: Date): Statement {
  return sql`SELECT organization_id, reference FROM due_work
    WHERE kind = 'overage_invoice' AND due_at <= ${asOf}::timestamptz ORDER BY due_at LIMIT 1000`;
}

export function deleteOverageWork(organizationId: string, reference: string): Statement {
  return sql`DELETE FROM due_work WHERE organization_id = ${organizationId}
    AND kind = 'overage_invoice' AND reference = ${reference}`;
}
