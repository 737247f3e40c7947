import { showMinor } from '../../currency.ts';
import type { Stripe } from '../../billing/provider/stripe.ts';
import { sql } from '../../db/sql.ts';
import type { OpenWorld } from '../../test/billing-world.ts';

/** Money that came in, by month and currency: `{"2027-02 usd": 2900}`. */
export type Revenue = ReadonlyMap<string, number>;

export interface Reading {
  readonly revenue: Revenue;
  readonly invoices: number;
  /** Of all that was issued, by currency: for what. */
  readonly kinds: readonly { currency: string; kind: string; amount_minor: number }[];
  readonly statuses: readonly { status: string; count: number }[];
}

/** As we keep it. */
export async function readOurs({ db }: OpenWorld): Promise<Reading> {
  const rows = await db.query<{ key: string; amount: number }>(sql`
    SELECT to_char(paid_at AT TIME ZONE 'UTC', 'YYYY-MM') || ' ' || currency AS key,
      sum(amount_paid_minor)::bigint AS amount
    FROM invoices WHERE status = 'paid' GROUP BY 1`);
  const statuses = await db.query<{ status: string; count: number }>(
    sql`SELECT status, count(*) AS count FROM invoices GROUP BY 1 ORDER BY 1`,
  );
  return {
    revenue: new Map(rows.map((row) => [row.key, row.amount])),
    invoices: statuses.reduce((sum, row) => sum + row.count, 0),
    kinds: await db.query(sql`SELECT i.currency, l.kind, sum(l.amount_minor)::bigint AS amount_minor
      FROM invoices i JOIN invoice_lines l ON l.organization_id = i.organization_id
        AND l.invoice_id = i.id
      WHERE i.status IN ('open', 'paid') GROUP BY 1, 2 ORDER BY 1, 2`),
    statuses,
  };
}

/** As the provider has it. */
export async function readProvider({
  stripe,
}: OpenWorld): Promise<{ revenue: Revenue; invoices: number }> {
  const revenue = new Map<string, number>();
  let invoices = 0;
  for await (const invoice of stripe.invoices.list({ limit: 100 })) {
    invoices += 1;
    if (invoice.status !== 'paid') continue;
    const key = `${monthOf(invoice)} ${invoice.currency}`;
    revenue.set(key, (revenue.get(key) ?? 0) + invoice.amount_paid);
  }
  return { revenue, invoices };
}

function monthOf(invoice: Stripe.Invoice): string {
  const paidAt = invoice.status_transitions.paid_at ?? 0;
  return new Date(paidAt * 1000).toISOString().slice(0, 7);
}

/** A line for each month and currency in which the two differ. */
export function differencesBetween(ours: Revenue, theirs: Revenue): string[] {
  const keys = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted();
  return keys
    .filter((key) => (ours.get(key) ?? 0) !== (theirs.get(key) ?? 0))
    .map((key) => `${key}: we keep ${ours.get(key) ?? 0}, the provider ${theirs.get(key) ?? 0}`);
}

/** Months down, currencies across, with their sums. */
export function tableOf(revenue: Revenue): string {
  const cells = [...revenue].map(([key, amount]) => {
    const [month = '', currency = ''] = key.split(' ');
    return { month, currency, amount };
  });
  const currencies = [...new Set(cells.map((cell) => cell.currency))].toSorted();
  const months = [...new Set(cells.map((cell) => cell.month))].toSorted();
  const sumOf = (currency: string, month: string | null) =>
    cells
      .filter((cell) => cell.currency === currency && (month === null || cell.month === month))
      .reduce((sum, cell) => sum + cell.amount, 0);
  const rowOf = (title: string, month: string | null) =>
    [title, ...currencies.map((currency) => showMinor(sumOf(currency, month), currency))].map(
      (text, index) => (index === 0 ? text.padEnd(8) : text.padStart(16)),
    );
  const rows = [...months.map((month) => rowOf(month, month)), rowOf('all', null)];
  return rows.map((row) => row.join('')).join('\n');
}
