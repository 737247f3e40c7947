import type { Database } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';

interface UncollectedBill {
  readonly id: string | null;
  readonly why: string;
}

/**
 * Bills that nobody will ever be charged for, though nothing failed: shut out of the currency that is
 * paid in, on no invoice with nobody to see to it, or on an invoice of their own that stays a draft.
 */
export async function findUncollected(
  { db }: { readonly db: Database },
  organizationId: string,
): Promise<string[]> {
  const bills = await db.query<UncollectedBill>(sql`SELECT b.id,
      CASE WHEN NOT b.collected THEN 'is not collected'
        WHEN b.state = 'computed' THEN 'is on no invoice, and nobody sees to it'
        ELSE 'is on an invoice of its own that stays a draft' END AS why
    FROM overage_bills b
    JOIN organization_subscriptions s ON s.organization_id = b.organization_id
    WHERE b.organization_id = ${organizationId} AND b.amount_minor > 0
      AND (NOT b.collected AND b.currency = s.currency
        OR b.collected AND b.state = 'computed' AND NOT EXISTS (SELECT FROM due_work w
          WHERE w.organization_id = b.organization_id AND w.kind = 'overage_invoice')
        OR b.state = 'item_created' AND b.own_invoice AND NOT EXISTS (SELECT FROM invoices i
          WHERE i.organization_id = b.organization_id
            AND i.stripe_invoice_id = b.stripe_invoice_id AND i.status <> 'draft'))`);
  return bills.map(({ id, why }) => `the bill ${id} ${why}`);
}
