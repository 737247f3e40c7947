import { sql, type Statement } from '../../db/sql.ts';
import type { InvoiceFacts, InvoiceStatus, LineKind } from './facts.ts';

/** As it was written last. */
export interface KeptInvoice {
  readonly id: string;
  readonly stripe_invoice_id: string;
  readonly status: InvoiceStatus;
  readonly attempt_count: number;
  readonly action_required: boolean;
  readonly credited_minor: number;
  readonly digest: string;
}

export function listKeptInvoices(organizationId: string): Statement {
  return sql`SELECT id, stripe_invoice_id, status, attempt_count, action_required, credited_minor,
      digest
    FROM invoices WHERE organization_id = ${organizationId}`;
}

export function upsertInvoice(
  organizationId: string,
  invoice: InvoiceFacts & { id: string; digest: string },
): Statement {
  return sql`INSERT INTO invoices AS i
    SELECT (jsonb_populate_record(NULL::invoices, ${JSON.stringify(invoice)}::jsonb
      || jsonb_build_object('organization_id', ${organizationId}::text))).*
    ON CONFLICT (organization_id, id) DO UPDATE SET number = EXCLUDED.number,
      status = EXCLUDED.status, total_minor = EXCLUDED.total_minor,
      amount_due_minor = EXCLUDED.amount_due_minor, amount_paid_minor = EXCLUDED.amount_paid_minor,
      amount_remaining_minor = EXCLUDED.amount_remaining_minor,
      credited_minor = EXCLUDED.credited_minor, period_start = EXCLUDED.period_start,
      period_end = EXCLUDED.period_end, attempt_count = EXCLUDED.attempt_count,
      action_required = EXCLUDED.action_required, finalized_at = EXCLUDED.finalized_at,
      due_at = EXCLUDED.due_at, next_attempt_at = EXCLUDED.next_attempt_at,
      paid_at = EXCLUDED.paid_at, voided_at = EXCLUDED.voided_at,
      hosted_invoice_url = EXCLUDED.hosted_invoice_url, digest = EXCLUDED.digest`;
}

/** What a line stands for keeps its id, however often the invoice is written. */
export function listKeptLines(organizationId: string, invoiceId: string): Statement {
  return sql`SELECT id, stripe_line_id, bill_position FROM invoice_lines
    WHERE organization_id = ${organizationId} AND invoice_id = ${invoiceId}`;
}

export interface KeptLine {
  readonly id: string;
  readonly stripe_line_id: string;
  readonly bill_position: number | null;
}

export interface LineRow {
  readonly id: string;
  readonly position: number;
  readonly kind: LineKind;
  readonly description: string;
  readonly quantity: number;
  /** In minor units (`unit_minor`) or in major ones (`unit_amount`): one of them, or none. */
  readonly unit_minor: string | null;
  readonly unit_amount: string | null;
  readonly amount_minor: number;
  readonly period_start: Date | string;
  readonly period_end: Date | string;
  readonly stripe_line_id: string;
  readonly stripe_price_id: string | null;
  readonly bill_start: string | null;
  readonly bill_position: number | null;
}

export function replaceLines(
  organizationId: string,
  invoice: { id: string; currency: string },
  lines: readonly LineRow[],
): Statement {
  return sql`WITH given AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) AS x (id text,
        position integer, kind text, description text, quantity bigint, unit_minor numeric,
        unit_amount numeric, amount_minor bigint, period_start timestamptz, period_end timestamptz,
        stripe_line_id text, stripe_price_id text, bill_start timestamptz, bill_position integer)
    ), gone AS (
      DELETE FROM invoice_lines WHERE organization_id = ${organizationId}
        AND invoice_id = ${invoice.id} AND id NOT IN (SELECT id FROM given)
    )
    INSERT INTO invoice_lines (organization_id, invoice_id, id, position, kind, description,
      quantity, unit_amount, amount_minor, period_start, period_end, stripe_line_id,
      stripe_price_id, bill_start, bill_position)
    SELECT ${organizationId}, ${invoice.id}, id, position, kind, description, quantity,
      coalesce(unit_amount,
        trim_scale(unit_minor / power(10::numeric, minor_unit_exponent(${invoice.currency})))),
      amount_minor, period_start, period_end, stripe_line_id, stripe_price_id, bill_start,
      bill_position
    FROM given
    ON CONFLICT (organization_id, invoice_id, id) DO UPDATE SET position = EXCLUDED.position,
      kind = EXCLUDED.kind, description = EXCLUDED.description, quantity = EXCLUDED.quantity,
      unit_amount = EXCLUDED.unit_amount, amount_minor = EXCLUDED.amount_minor,
      period_start = EXCLUDED.period_start, period_end = EXCLUDED.period_end,
      stripe_price_id = EXCLUDED.stripe_price_id`;
}

export interface BillLine {
  readonly usage_period_start: string;
  readonly position: number;
  readonly type: string;
  readonly unit_amount: string;
  readonly quantity: number;
  readonly amount_minor: number;
  readonly period_start: string;
  readonly period_end: string;
}

/** Of a bill by its id, in the bill's currency. */
export function listBillLines(organizationId: string, billId: string): Statement {
  return sql`SELECT l.usage_period_start, l.position, l.type, l.unit_amount::text, l.quantity,
      l.amount_minor, l.period_start, l.period_end
    FROM overage_bills b
    JOIN overage_bill_lines l ON l.organization_id = b.organization_id
      AND l.usage_period_start = b.usage_period_start AND l.currency = b.currency
    WHERE b.organization_id = ${organizationId} AND b.id = ${billId}
    ORDER BY l.position`;
}

/**
 * The bill's item is on this invoice; `invoiced` once that is no draft any more. A bill that was given
 * an invoice of its own has left any other draft, also where an older look still shows it there.
 */
export function updateBillOfLine(
  organizationId: string,
  billId: string,
  on: { invoiceId: string; itemId: string; isFinal: boolean },
  asOf: Date,
): Statement {
  return sql`UPDATE overage_bills
    SET state = CASE WHEN ${on.isFinal}::boolean THEN 'invoiced' ELSE 'item_created' END,
      stripe_invoice_id = ${on.invoiceId}, stripe_item_id = ${on.itemId}, updated_at = ${asOf}
    WHERE organization_id = ${organizationId} AND id = ${billId} AND state <> 'invoiced'
      AND (${on.isFinal}::boolean OR NOT own_invoice OR stripe_invoice_id = ${on.invoiceId})`;
}
