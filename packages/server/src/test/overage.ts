import type { Stripe } from '../billing/provider/stripe.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import type { OpenWorld } from './billing-world.ts';
import { admitCall, completeCall, meteringOn } from './calls.ts';

export interface ChargingPlan {
  readonly included: number;
  readonly amountMinor: number;
  /** Of one conversion past the limit, in major units. */
  readonly price: string;
  readonly currency?: string;
}

/** A plan that charges past its limit, with a monthly and (ten times that) a yearly price. */
export async function makeChargingPlan(
  { api }: OpenWorld,
  { included, amountMinor, price, currency = 'usd' }: ChargingPlan,
): Promise<string> {
  const shared = { currency, overage_amount: price };
  const { status, body } = await api.call('POST /v1/admin/plans', {
    body: {
      name: 'Charging',
      monthly_conversion_limit: included,
      concurrent_conversion_limit: null,
      max_file_size_mb: null,
      rate_limit_per_minute: 1_000,
      overage_policies: ['block', 'charge'],
      prices: [
        { ...shared, interval: 'month', amount_minor: amountMinor },
        { ...shared, interval: 'year', amount_minor: amountMinor * 10 },
      ],
    },
  });
  if (status !== 201) throw new Error(`no plan: ${JSON.stringify(body)}`);
  return String(body.id);
}

/** From now on the workspace pays for what is past its limit. */
export async function chargeOverage(
  db: Database,
  organizationId: string,
  spendCapMinor: number | null = null,
): Promise<void> {
  await db.query(sql`UPDATE organization_subscriptions
    SET overage_policy = 'charge', spend_cap_minor = ${spendCapMinor}::bigint
    WHERE organization_id = ${organizationId}`);
}

/** Conversions that are really admitted and completed, at once. */
export async function convert(
  { db, clock }: { db: Database; clock: Clock },
  organizationId: string,
  count: number,
  type = 'CSV_TO_JSON',
): Promise<void> {
  const metering = meteringOn(db, clock);
  const calls = Array.from({ length: count }, () => admitCall(organizationId, { type }));
  const verdicts = await Promise.all(calls.map((call) => metering.admit(call)));
  const refused = verdicts.find(({ verdict }) => !verdict.startsWith('allowed'));
  if (refused !== undefined) throw new Error(`not admitted: ${refused.verdict}`);
  const done = calls.map((call) => metering.complete(completeCall(organizationId, call.jobId)));
  await Promise.all(done);
}

/**
 * The invoices of a workspace at the provider, oldest first, each with all of its lines; none where it
 * never was a customer.
 */
export async function providerInvoices(
  world: Pick<OpenWorld, 'stripe'> & { readonly db: Database },
  organizationId: string,
): Promise<Stripe.Invoice[]> {
  const [row] = await world.db.query<{ customer: string | null }>(
    sql`SELECT stripe_customer_id AS customer FROM organization_subscriptions
      WHERE organization_id = ${organizationId}`,
  );
  const customer = row?.customer ?? null;
  if (customer === null) return [];
  const list = world.stripe.invoices.list({ customer, limit: 100 });
  return (await list.autoPagingToArray({ limit: 1_000 })).toReversed();
}

/** Amounts of the items for overage on an invoice. */
export function overageOn(invoice: Stripe.Invoice): number[] {
  const lines = invoice.lines.data.filter((line) => line.metadata.overage_bill_id !== undefined);
  return lines.map((line) => line.amount);
}
