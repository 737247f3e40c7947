import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import type { Stripe } from '../provider/stripe.ts';
import { tellInvoiceChanges } from './changes.ts';
import {
  digestOf,
  factsOfInvoice,
  factsOfLine,
  type InvoiceFacts,
  type LineFacts,
} from './facts.ts';
import {
  type BillLine,
  type KeptInvoice,
  type KeptLine,
  type LineRow,
  listBillLines,
  listKeptInvoices,
  listKeptLines,
  replaceLines,
  updateBillOfLine,
  upsertInvoice,
} from './write-sql.ts';

/**
 * Writes down what the provider has of a workspace's invoices. What has changed since the last time
 * (finalized, paid, failed, …) is told once, in the same transaction; an invoice without a change
 * costs nothing. Under the organization's lock, after a fetch that is newer than the last.
 *
 * @param invoices each with all of its lines, newest first
 * @param graceEndsAt of the subscription; null: it is not past due
 */
export async function writeInvoices(
  tx: Queryable,
  ctx: Context,
  invoices: readonly Stripe.Invoice[],
  graceEndsAt: string | null,
): Promise<void> {
  const rows = await tx.query<KeptInvoice>(listKeptInvoices(ctx.organization.id));
  const kept = new Map(rows.map((row) => [row.stripe_invoice_id, row]));
  const oldestFirst = invoices.toReversed().toSorted((left, right) => left.created - right.created);
  for (const [index, invoice] of oldestFirst.entries()) {
    const before = kept.get(invoice.id) ?? null;
    const facts = factsOfInvoice(invoice);
    const lines = invoice.lines.data.map(factsOfLine);
    const digest = digestOf(facts, lines);
    if (before?.digest === digest) continue;
    const first = oldestFirst.findIndex(({ created }) => created === invoice.created);
    // The provider tells whole seconds: of one second, too, the later has the later id.
    const id = before?.id ?? newId('inv', facts.created_at.getTime() + index - first);
    await tx.query(upsertInvoice(ctx.organization.id, { ...facts, id, digest }));
    await writeLines(tx, ctx, { id, facts, lines });
    await tellInvoiceChanges(tx, ctx, { id, before, after: facts, graceEndsAt });
  }
}

interface Written {
  readonly id: string;
  readonly facts: InvoiceFacts;
  readonly lines: readonly LineFacts[];
}

async function writeLines(tx: Queryable, ctx: Context, { id, facts, lines }: Written) {
  const { id: organizationId } = ctx.organization;
  const keptLines = await tx.query<KeptLine>(listKeptLines(organizationId, id));
  const ids = new Map(keptLines.map((line) => [keyOf(line), line.id]));
  const rows: LineRow[] = [];
  for (const line of lines) {
    for (const part of await partsOf(tx, organizationId, line)) {
      const lineId = ids.get(keyOf(part)) ?? newId('line', facts.created_at.getTime());
      rows.push({ ...part, id: lineId, position: rows.length + 1 });
    }
    if (line.bill_id === null || line.stripe_item_id === null) continue;
    const isFinal = facts.status !== 'draft';
    const on = { invoiceId: facts.stripe_invoice_id, itemId: line.stripe_item_id, isFinal };
    await tx.query(updateBillOfLine(organizationId, line.bill_id, on, ctx.clock.now()));
  }
  await tx.query(replaceLines(organizationId, { id, currency: facts.currency }, rows));
}

function keyOf(line: Pick<KeptLine, 'stripe_line_id' | 'bill_position'>): string {
  return `${line.stripe_line_id} ${line.bill_position ?? ''}`;
}

type Part = Omit<LineRow, 'id' | 'position'>;

/**
 * The one item of a bill is shown as the bill's lines. One that somebody changed at the provider, so
 * that it is not their sum any more, is shown as it is.
 */
async function partsOf(tx: Queryable, organizationId: string, line: LineFacts): Promise<Part[]> {
  const { stripe_item_id: _, bill_id: billId, ...whole } = line;
  const unbilled = { ...whole, unit_amount: null, bill_start: null, bill_position: null };
  if (billId === null) return [unbilled];
  const billLines = await tx.query<BillLine>(listBillLines(organizationId, billId));
  const sum = billLines.reduce((total, one) => total + one.amount_minor, 0);
  if (sum !== line.amount_minor || billLines.length === 0) return [unbilled];
  return billLines.map((one) => ({
    ...unbilled,
    description: `${one.type} past the limit`,
    quantity: one.quantity,
    unit_amount: one.unit_amount,
    amount_minor: one.amount_minor,
    period_start: one.period_start,
    period_end: one.period_end,
    bill_start: one.usage_period_start,
    bill_position: one.position,
  }));
}
