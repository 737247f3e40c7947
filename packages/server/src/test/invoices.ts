import type { Queryable } from '../db/pool.ts';
import { sql } from '../db/sql.ts';

/** An invoice with its overage, as a renewal leaves them (`inv_1`, `line_1`), and a mail about it (`mail_1`). */
export async function insertInvoice(db: Queryable, id: string): Promise<void> {
  const start = '2026-10-01T00:00:00Z';
  const end = '2026-11-01T00:00:00Z';
  await db.query(sql`INSERT INTO overage_bills (organization_id, usage_period_start,
      usage_period_end, currency, state, id, amount_minor, quantity, collected, sealed_at,
      stripe_invoice_id, stripe_item_id, created_at, updated_at)
    VALUES (${id}, ${start}, ${end}, 'usd', 'invoiced', 'bill_1', 494, 1234, true, ${end},
      'in_1', 'ii_1', ${start}, ${end})`);
  await db.query(sql`INSERT INTO overage_bill_lines (organization_id, usage_period_start, position,
      type, unit_amount, currency, period_start, period_end, quantity, amount_minor, sources)
    VALUES (${id}, ${start}, 1, 'XLSX_TO_CSV', 0.004, 'usd', ${start}, ${end}, 1234, 494, '[]')`);
  await db.query(sql`INSERT INTO invoices (organization_id, id, stripe_invoice_id, number, status,
      reason, currency, total_minor, amount_due_minor, amount_paid_minor, amount_remaining_minor,
      credited_minor, period_start, period_end, attempt_count, action_required, created_at, digest)
    VALUES (${id}, 'inv_1', 'in_1', 'A-1', 'paid', 'subscription_cycle', 'usd', 494, 494, 494, 0, 0,
      ${start}, ${end}, 1, false, ${end}, '')`);
  await db.query(sql`INSERT INTO invoice_lines (organization_id, invoice_id, id, position, kind,
      description, quantity, unit_amount, amount_minor, period_start, period_end, stripe_line_id,
      bill_start, bill_position)
    VALUES (${id}, 'inv_1', 'line_1', 1, 'overage', 'XLSX_TO_CSV', 1234, 0.004, 494, ${start}, ${end},
      'il_1', ${start}, 1)`);
  const payload = {
    invoice_id: 'inv_1',
    number: 'A-1',
    total_minor: 494,
    amount_due_minor: 494,
    currency: 'usd',
    hosted_invoice_url: null,
  };
  await db.query(sql`INSERT INTO mail_messages (organization_id, id, outbox_id, topic, category,
      recipient_email, payload, context, status, created_at)
    VALUES (${id}, 'mail_1', 1, 'invoice.finalized', 'billing', 'books@example.com',
      ${JSON.stringify(payload)}::jsonb, '{"workspace": "Acme", "time_zone": "UTC"}', 'sent', ${end})`);
}
