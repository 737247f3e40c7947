import { isDeepStrictEqual } from 'node:util';
import { billMetadata } from '../../billing/invoices/facts.ts';
import type { Stripe, StripeClient } from '../../billing/provider/stripe.ts';
import type { Database } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { findViolations } from '../../metering/invariants.ts';
import { providerInvoices } from '../../test/overage.ts';
import { findUncollected } from './uncollected.ts';

/** What we keep, and what the provider has. */
export interface Books {
  readonly db: Database;
  readonly stripe: StripeClient;
}

export interface Totals {
  readonly invoices: number;
  readonly bills: number;
}

export interface LifeToAddUp {
  readonly organizationId: string;
  /** All credit it was ever given. */
  readonly creditMinor?: number;
}

/**
 * Compares what we keep of a life with what the provider has, and the bills with the conversions:
 * every difference is one line.
 */
export async function addUp(
  world: Books,
  life: LifeToAddUp,
): Promise<Totals & { wrong: string[] }> {
  const { organizationId: id } = life;
  const provider = await providerInvoices(world, id);
  const bills = await world.db.query<Bill>(sql`SELECT usage_period_start, id, state, amount_minor,
      stripe_invoice_id, collected FROM overage_bills WHERE organization_id = ${id}`);
  const violations = await findViolations(world.db, id);
  const wrong = [
    ...(await compareInvoices(world, id, provider)),
    ...(await compareSubscription(world, id)),
    ...compareItems(provider, bills),
    ...(await compareAmounts(world, id, bills)),
    ...(await findUncollected(world, id)),
    ...(await compareTold(world, id, provider, bills)),
    ...(await compareDone(world, life)),
    ...violations.map(({ detail }) => detail),
  ];
  const named = wrong.map((line) => `${id}: ${line}`);
  return { invoices: provider.length, bills: bills.length, wrong: named };
}

interface Bill {
  readonly usage_period_start: string;
  readonly id: string | null;
  readonly state: string;
  readonly amount_minor: number | null;
  readonly stripe_invoice_id: string | null;
  readonly collected: boolean | null;
}

/** Every invoice, its amounts and state, and that its lines are its total. */
async function compareInvoices(
  world: Books,
  id: string,
  provider: readonly Stripe.Invoice[],
): Promise<string[]> {
  const ours = await world.db.query<{ stripe_invoice_id: string; lines: number }>(sql`
    SELECT i.stripe_invoice_id, i.number, i.status, i.currency, i.total_minor, i.amount_due_minor,
      i.amount_paid_minor, i.amount_remaining_minor, coalesce(l.lines, 0) AS lines
    FROM invoices i
    LEFT JOIN (SELECT invoice_id, sum(amount_minor)::bigint AS lines FROM invoice_lines
      WHERE organization_id = ${id} GROUP BY 1) l ON l.invoice_id = i.id
    WHERE i.organization_id = ${id}`);
  const theirs = provider.map((invoice) => ({
    stripe_invoice_id: invoice.id,
    number: invoice.number,
    status: invoice.status,
    currency: invoice.currency,
    total_minor: invoice.total,
    amount_due_minor: invoice.amount_due,
    amount_paid_minor: invoice.amount_paid,
    amount_remaining_minor: invoice.amount_remaining,
    lines: invoice.total,
  }));
  const kept = new Map(ours.map((row) => [row.stripe_invoice_id, row]));
  const wrong = theirs
    .filter((one) => !isDeepStrictEqual({ ...kept.get(one.stripe_invoice_id) }, one))
    .map((one) => {
      const row = JSON.stringify(kept.get(one.stripe_invoice_id) ?? null);
      return `invoice ${JSON.stringify(one)} is kept as ${row}`;
    });
  if (ours.length !== theirs.length) wrong.push(`${ours.length} of ${theirs.length} invoices`);
  return wrong;
}

async function compareSubscription(world: Books, id: string): Promise<string[]> {
  const [kept] = await world.db.query<Record<string, unknown>>(
    sql`SELECT s.stripe_customer_id, s.stripe_subscription_id, s.status, s.interval,
        s.current_period_end, s.cancel_at_period_end, s.balance_minor, p.price_id
      FROM organization_subscriptions s
      LEFT JOIN stripe_prices p ON p.plan_id = s.plan_id AND p.version = s.plan_version
        AND p.currency = s.currency AND p.interval = s.interval
      WHERE s.organization_id = ${id}`,
  );
  const customerId = kept?.['stripe_customer_id'] ?? null;
  if (typeof customerId !== 'string') {
    // Who never got as far as a page is no customer, and has nothing there.
    const { stripe_subscription_id: subscription, balance_minor: balance } = kept ?? {};
    const isBare = kept !== undefined && subscription === null && Number(balance) === 0;
    return isBare ? [] : ['no customer, and yet a subscription or a balance'];
  }
  const { data } = await world.stripe.subscriptions.list({ customer: customerId });
  const customer = await world.stripe.customers.retrieve(customerId);
  const balance = customer.deleted === true ? 0 : customer.balance;
  const wrong: string[] = [];
  if (Number(kept?.balance_minor) !== -balance) wrong.push(`balance ${balance} is kept otherwise`);
  const [alive, ...others] = data.filter(({ status }) => status !== 'incomplete');
  if (others.length > 0) wrong.push(`${1 + others.length} subscriptions are alive`);
  const item = alive?.items.data[0];
  const theirs =
    alive === undefined
      ? { stripe_subscription_id: null }
      : {
          stripe_subscription_id: alive.id,
          status: alive.status,
          cancel_at_period_end: alive.cancel_at_period_end,
          price_id: item?.price.id,
          current_period_end: new Date((item?.current_period_end ?? 0) * 1000).toISOString(),
        };
  for (const [name, value] of Object.entries(theirs)) {
    if (kept?.[name] === value) continue;
    wrong.push(`subscription: ${name} is ${String(value)}, kept as ${String(kept?.[name])}`);
  }
  return wrong;
}

/** Each bill is on one invoice, with one item of its amount. */
function compareItems(provider: readonly Stripe.Invoice[], bills: readonly Bill[]): string[] {
  const items = provider.flatMap((invoice) =>
    invoice.lines.data
      .filter((line) => line.metadata[billMetadata] !== undefined)
      .map((line) => ({
        invoice: invoice.id,
        bill: line.metadata[billMetadata],
        amount: line.amount,
      })),
  );
  const wrong = bills.flatMap((bill) => {
    const own = items.filter((item) => item.bill === bill.id);
    const isDue = bill.state === 'item_created' || bill.state === 'invoiced';
    const isRight =
      own.length === (isDue ? 1 : 0) &&
      own.every(
        (item) => item.amount === bill.amount_minor && item.invoice === bill.stripe_invoice_id,
      );
    return isRight ? [] : [`bill ${JSON.stringify(bill)} has the items ${JSON.stringify(own)}`];
  });
  const strays = items.filter((item) => !bills.some((bill) => bill.id === item.bill));
  return [...wrong, ...strays.map((item) => `the item ${JSON.stringify(item)} is of no bill`)];
}

const steps: Readonly<Record<string, { scale: bigint; step: bigint }>> = {
  usd: { scale: 100n, step: 1n },
  eur: { scale: 100n, step: 1n },
  jpy: { scale: 1n, step: 1n },
  kwd: { scale: 1000n, step: 10n },
};

/** What a bill must come to, by its conversions, in whole numbers all the way. */
async function compareAmounts(world: Books, id: string, bills: readonly Bill[]): Promise<string[]> {
  const groups = await world.db.query<{
    bill_start: string;
    unit_amount: string;
    currency: string;
    quantity: number;
  }>(sql`SELECT bill_start, unit_amount::text, currency, count(*) AS quantity FROM usage_events
    WHERE organization_id = ${id} AND bill_start IS NOT NULL
    GROUP BY bill_start, type, unit_amount, currency, period_start`);
  return bills.flatMap((bill) => {
    if (bill.amount_minor === null) return [];
    const own = groups.filter((group) => group.bill_start === bill.usage_period_start);
    const amount = own.reduce((sum, group) => sum + Number(amountOf(group)), 0);
    return amount === bill.amount_minor
      ? []
      : [`bill ${bill.id} is ${bill.amount_minor}; its conversions come to ${amount}`];
  });
}

function amountOf(group: { unit_amount: string; currency: string; quantity: number }): bigint {
  const { scale, step } = steps[group.currency] ?? { scale: 100n, step: 1n };
  const [whole = '0', fraction = ''] = group.unit_amount.split('.');
  const divisor = 10n ** BigInt(fraction.length) * step;
  const dividend = BigInt(whole + fraction) * scale * BigInt(group.quantity);
  return ((2n * dividend + divisor) / (2n * divisor)) * step;
}

/** One announcement an invoice and state, one audit row a bill. */
async function compareTold(
  world: Books,
  id: string,
  provider: readonly Stripe.Invoice[],
  bills: readonly Bill[],
): Promise<string[]> {
  const [row] = await world.db.query<{ finalized: number; paid: number; audited: number }>(sql`
    SELECT (SELECT count(*) FROM outbox WHERE organization_id = ${id}
        AND topic = 'invoice.finalized') AS finalized,
      (SELECT count(*) FROM outbox WHERE organization_id = ${id}
        AND topic = 'invoice.paid') AS paid,
      (SELECT count(*) FROM audit_log WHERE organization_id = ${id}
        AND action = 'overage.billed') AS audited`);
  const told = provider.filter(({ total }) => total !== 0);
  const expected = {
    finalized: told.filter(({ status }) => status !== 'draft').length,
    paid: told.filter(({ status }) => status === 'paid').length,
    audited: bills.filter(({ state }) => state !== 'open').length,
  };
  return isDeepStrictEqual({ ...row }, expected)
    ? []
    : [`told ${JSON.stringify(row)} instead of ${JSON.stringify(expected)}`];
}

/** What was asked for is done, once: no change waits, and each credit was given. */
async function compareDone(
  world: Books,
  { organizationId: id, creditMinor = 0 }: LifeToAddUp,
): Promise<string[]> {
  const waiting = await world.db.query<{ kind: string }>(sql`SELECT kind FROM subscription_changes
    WHERE organization_id = ${id} AND finished_at IS NULL`);
  const wrong = waiting.map(({ kind }) => `a change (${kind}) is not finished`);
  const [row] = await world.db.query<{ customer: string | null }>(
    sql`SELECT stripe_customer_id AS customer FROM organization_subscriptions
      WHERE organization_id = ${id}`,
  );
  const moves =
    row === undefined || row.customer === null
      ? []
      : await world.stripe.customers
          .listBalanceTransactions(row.customer, { limit: 100 })
          .autoPagingToArray({ limit: 1_000 });
  const given = moves.filter(({ metadata }) => metadata?.['credit'] !== undefined);
  const sum = given.reduce((total, { amount }) => total - amount, 0);
  if (sum !== creditMinor) wrong.push(`credit of ${creditMinor} was given as ${sum}`);
  return wrong;
}
