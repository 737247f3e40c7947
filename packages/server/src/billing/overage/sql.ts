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

/** `computed`: this very call did it. A bill in another currency than the workspace pays in is shown. */
export function computeBill(
  organizationId: string,
  bill: { usagePeriodStart: string; id: string; collected: boolean },
  asOf: Date,
): Statement {
  const { usagePeriodStart, id, collected } = bill;
  return sql`SELECT compute_overage_bill(b.organization_id, b.usage_period_start, ${id},
      ${collected}::boolean AND coalesce(s.paid_currency, b.currency) = b.currency,
      ${asOf}::timestamptz) AS computed
    FROM overage_bills b
    JOIN organization_subscriptions s ON s.organization_id = b.organization_id
    WHERE b.organization_id = ${organizationId}
      AND b.usage_period_start = ${usagePeriodStart}::timestamptz`;
}

const billColumns = sql`id, usage_period_start, usage_period_end, currency, state, amount_minor,
  quantity, collected, stripe_invoice_id, stripe_item_id, own_invoice`;

export function findBill(organizationId: string, usagePeriodStart: string): Statement {
  return sql`SELECT ${billColumns} FROM overage_bills
    WHERE organization_id = ${organizationId} AND state <> 'open'
      AND usage_period_start = ${usagePeriodStart}::timestamptz`;
}
