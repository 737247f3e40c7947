import type { Context } from '../../../context.ts';
import { notFound } from '../../../errors.ts';
import { showMinor } from '../../../currency.ts';
import { findInvoice } from '../invoices.ts';
import type { InvoiceWithLines } from '../schema.ts';
import { type Column, Sheet } from './sheet.ts';
import {
  findStatementHead,
  listPricesOfInvoice,
  listUsageBetween,
  type PriceRow,
  type StatementHead,
  type UsageRow,
} from './sql.ts';

export interface UsageStatement {
  readonly filename: string;
  readonly bytes: Buffer;
}

/**
 * The usage statement behind an invoice, as a PDF: its lines, what was used in its periods by type,
 * and at which price, under which plan version and override, what is past the limit was counted.
 *
 * @param isSimulated no money moves: every page says so
 * @throws AppError `not_found`
 */
export async function makeStatement(
  ctx: Context,
  invoiceId: string,
  isSimulated: boolean,
): Promise<UsageStatement> {
  const { id } = ctx.organization;
  const invoice = await findInvoice(ctx, invoiceId);
  const [head] = await ctx.db.query<StatementHead>(findStatementHead(id));
  if (head === undefined) throw notFound('workspace');
  const { from, to } = spanOf(invoice);
  const usage = await ctx.db.query<UsageRow>(listUsageBetween(id, from, to));
  const prices = await ctx.db.query<PriceRow>(listPricesOfInvoice(id, invoiceId));
  const sheet = new Sheet({
    title: `Usage statement ${invoice.number ?? invoiceId}`,
    createdAt: new Date(invoice.finalized_at ?? invoice.created_at),
    banner: isSimulated
      ? 'SIMULATED: no payment provider stands behind this, no money moves'
      : null,
  });
  drawHead(sheet, invoice, head);
  drawLines(sheet, invoice);
  drawUsage(sheet, usage);
  drawPrices(sheet, prices, invoice.currency);
  const bytes = await sheet.finish(`${head.name} · ${invoice.number ?? invoiceId}`);
  return { filename: `usage-statement-${invoice.number ?? invoiceId}.pdf`, bytes };
}

/** The usage periods that an invoice settles: those it covers, and those of its overage. */
function spanOf({ period, lines }: InvoiceWithLines): { from: string; to: string } {
  const ofOverage = lines.filter((line) => line.type !== null).map((line) => line.period);
  const from = [period, ...ofOverage].map((one) => one.start).toSorted()[0] ?? period.start;
  const to =
    [period, ...ofOverage]
      .map((one) => one.end)
      .toSorted()
      .at(-1) ?? period.end;
  return { from, to };
}

function drawHead(sheet: Sheet, invoice: InvoiceWithLines, head: StatementHead): void {
  sheet.title('Usage statement');
  sheet.facts([
    ['Workspace', `${head.name} (${invoice.workspace_id})`],
    ['Billing address', head.billing_email ?? 'none'],
    ['Invoice', invoice.number ?? `draft ${invoice.id}`],
    ['Status', invoice.status],
    ['Issued', invoice.finalized_at === null ? 'not yet' : day(invoice.finalized_at)],
    ['Plan at present', head.plan_name],
  ]);
}

const lineColumns: readonly Column[] = [
  { title: 'Line', share: 0.36 },
  { title: 'Period (UTC)', share: 0.22 },
  { title: 'Quantity', share: 0.12, align: 'right' },
  { title: 'Each', share: 0.12, align: 'right' },
  { title: 'Amount', share: 0.18, align: 'right' },
];

function drawLines(sheet: Sheet, invoice: InvoiceWithLines): void {
  const { currency } = invoice;
  const money = (minor: number) => showMinor(minor, currency);
  sheet.heading('Lines of the invoice');
  sheet.table(
    lineColumns,
    invoice.lines.map((line) => [
      line.description,
      span(line.period),
      count(line.quantity),
      line.unit_amount ?? '',
      money(line.amount_minor),
    ]),
  );
  sheet.facts([
    ['Total', money(invoice.total_minor)],
    ...(invoice.balance_applied_minor === 0
      ? []
      : [['Taken over by the balance', money(invoice.balance_applied_minor)] as const]),
    ['Due', money(invoice.amount_due_minor)],
    ['Paid', money(invoice.amount_paid_minor)],
  ]);
}

const usageColumns: readonly Column[] = [
  { title: 'Usage period (UTC)', share: 0.28 },
  { title: 'Type', share: 0.3 },
  { title: 'Conversions', share: 0.14, align: 'right' },
  { title: 'Included', share: 0.14, align: 'right' },
  { title: 'Past the limit', share: 0.14, align: 'right' },
];

function drawUsage(sheet: Sheet, usage: readonly UsageRow[]): void {
  sheet.heading('What was used');
  if (usage.length === 0) {
    sheet.note('Nothing was converted in the periods that this invoice settles.');
    return;
  }
  sheet.table(
    usageColumns,
    usage.map((row) => [
      span({ start: row.period_start, end: row.period_end }),
      row.type,
      count(row.conversions),
      count(row.conversions - row.overage),
      count(row.overage),
    ]),
  );
}

const priceColumns: readonly Column[] = [
  { title: 'Type', share: 0.2 },
  { title: 'Period from', share: 0.14 },
  { title: 'Conversions', share: 0.12, align: 'right' },
  { title: 'Each', share: 0.14, align: 'right' },
  { title: 'Plan', share: 0.16 },
  { title: 'Override', share: 0.24 },
];

function drawPrices(sheet: Sheet, prices: readonly PriceRow[], currency: string): void {
  if (prices.length === 0) return;
  sheet.heading('Prices past the limit');
  sheet.table(
    priceColumns,
    prices.map((row) => [
      row.type,
      day(row.period_start),
      count(row.quantity),
      `${row.unit_amount} ${currency.toUpperCase()}`,
      `${row.plan_name}, version ${row.plan_version}`,
      row.override_id === null ? '' : `${row.override_id}: ${row.override_reason ?? ''}`,
    ]),
  );
  sheet.note(
    'A line is its conversions times the exact price, rounded once, half up. A conversion that ' +
      "completed after its period's bill was made stands on the next one, at its own price.",
  );
}

const count = (value: number): string => value.toLocaleString('en');
const day = (time: string): string => time.slice(0, 10);
const span = ({ start, end }: { start: string; end: string }): string =>
  `${day(start)} to ${day(end)}`;
