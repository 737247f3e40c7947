import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { type ListQuery, toList } from '../../http/list.ts';
import { showMinor } from '../../currency.ts';
import { findInvoice } from './invoices.ts';
import type { CountedConversion, InvoiceLine, LineExplanation } from './schema.ts';
import { findExactAmount, listCountedConversions, listLineSources } from './sql.ts';

type Source = LineExplanation['sources'][number];
type Arithmetic = LineExplanation['arithmetic'];

/**
 * Why a line is there and what it is made of: the rule, by which plan version and override, the
 * arithmetic, and (overage) the conversions counted, a page at a time.
 *
 * @throws AppError `not_found`
 */
export async function explainLine(
  ctx: Context,
  { invoiceId, lineId }: { invoiceId: string; lineId: string },
  page: ListQuery,
): Promise<LineExplanation> {
  const { id } = ctx.organization;
  const { lines, currency } = await findInvoice(ctx, invoiceId);
  const line = lines.find((one) => one.id === lineId);
  if (line === undefined) throw notFound('invoice line');
  const sources = await ctx.db.query<Source>(listLineSources(id, invoiceId, lineId));
  return {
    object: 'invoice_line_explanation',
    invoice_id: invoiceId,
    line,
    currency,
    rule: ruleOf(line),
    sources,
    arithmetic: await arithmeticOf(ctx, line, currency),
    conversions: line.type === null ? null : await listConversions(ctx, invoiceId, lineId, page),
  };
}

async function listConversions(ctx: Context, invoiceId: string, lineId: string, page: ListQuery) {
  const statement = listCountedConversions(ctx.organization.id, { invoiceId, lineId }, page);
  return toList(await ctx.db.query<CountedConversion>(statement), page.limit);
}

/** The rule behind a line, for people. */
function ruleOf(line: InvoiceLine): string {
  switch (line.kind) {
    case 'base':
      return "The plan's price for the period, in advance, as its version said when it was bought.";
    case 'proration':
      return (
        'The plan changed within its period: what was paid for the time left is given back, and the ' +
        'new price is charged for it, by the second. The payment provider computes both.'
      );
    case 'overage':
      return (
        'Conversions that completed past the monthly limit, each at the price that held when it was ' +
        'admitted. Quantity times exact price, rounded once, half up.'
      );
    case 'credit':
      return 'A credit.';
  }
}

async function arithmeticOf(
  ctx: Context,
  line: InvoiceLine,
  currency: string,
): Promise<Arithmetic> {
  const { quantity, unit_amount: unitAmount, amount_minor: amountMinor } = line;
  const amount = showMinor(amountMinor, currency);
  const facts = { quantity, unit_amount: unitAmount, amount_minor: amountMinor };
  if (unitAmount === null) {
    return { ...facts, text: amount, exact_minor: null, rounding: null };
  }
  const [row] = await ctx.db.query<{ exact_minor: string }>(
    findExactAmount(unitAmount, quantity, currency),
  );
  const exact = row?.exact_minor ?? String(amountMinor);
  const isRounded = exact !== String(amountMinor);
  const product = `${quantity.toLocaleString('en')} × ${unitAmount} ${currency.toUpperCase()}`;
  return {
    ...facts,
    text: isRounded ? `${product} = ${exact} minor units ≈ ${amount}` : `${product} = ${amount}`,
    exact_minor: exact,
    rounding: isRounded ? 'half up, once, to what the currency takes' : null,
  };
}
