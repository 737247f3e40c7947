import { systemContext } from '../../billing/deps.ts';
import { idOf, type Stripe } from '../../billing/provider/stripe.ts';
import { ensurePrice } from '../../billing/catalogue/catalogue.ts';
import { sql } from '../../db/sql.ts';
import { setOverrides } from '../../subscriptions/overrides.ts';
import type { OpenWorld } from '../../test/billing-world.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { chargeOverage, makeChargingPlan } from '../../test/overage.ts';
import type { Random } from '../random.ts';

/** A customer with its workspace. */
export interface Life {
  readonly organizationId: string;
  readonly currency: string;
}

export interface Stage {
  readonly world: OpenWorld;
  readonly random: Random;
  /** Plans in all currencies, the cheapest first. */
  readonly planIds: readonly string[];
}

export const currencies = ['usd', 'eur', 'jpy', 'kwd'] as const;
const types = ['CSV_TO_JSON', 'XLSX_TO_CSV', 'DOCX_TO_PDF'] as const;
const cards = ['visa', 'visa', 'visa', 'chargeCustomerFail', 'authenticationRequired'] as const;

const terms = [
  { included: 3, amountMinor: 1_900, price: '0.004' },
  { included: 5, amountMinor: 4_900, price: '0.125' },
  { included: 0, amountMinor: 9_900, price: '1.5' },
] as const;

/** One plan a currency, since each has its own price past the limit. */
export async function makePlans(world: OpenWorld): Promise<Map<string, string[]>> {
  const plans = new Map<string, string[]>();
  for (const currency of currencies) {
    const ids: string[] = [];
    for (const plan of terms) ids.push(await makeChargingPlan(world, { ...plan, currency }));
    plans.set(currency, ids);
  }
  return plans;
}

export async function beginLife(stage: Stage, currency: string): Promise<Life> {
  const { world, random } = stage;
  const life = { organizationId: await world.organization(), currency };
  await subscribe(stage, life, random.chance(0.2) ? 'year' : 'month');
  return life;
}

const deeds = {
  convert: 6,
  changePlan: 2,
  changeCard: 2,
  payOpen: 2,
  cancelLater: 1,
  resume: 2,
  cancelNow: 0.3,
  setPrice: 1,
  credit: 0.5,
} as const;
type Deed = keyof typeof deeds;

/** Something that a customer, or the operator, does. Refusals by the provider are part of life. */
export async function doSomething(stage: Stage, life: Life): Promise<void> {
  const deed = draw(stage.random);
  if (deed === 'convert') return convertSome(stage, life);
  if (deed === 'setPrice') return setPrice(stage, life);
  const subscription = await findSubscription(stage.world, life);
  if (subscription === null) return subscribe(stage, life, 'month');
  await act(stage, life, subscription, deed).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
  });
}

function draw(random: Random): Deed {
  const names = Object.keys(deeds) as Deed[];
  let left = random.next() * names.reduce((sum, name) => sum + deeds[name], 0);
  return names.find((name) => (left -= deeds[name]) < 0) ?? 'convert';
}

/** The provider says no: a declined card, an invoice that is paid already, or a fault it was told to have. */
function isRefusal(error: unknown): boolean {
  const type = (error as { type?: string }).type ?? '';
  return type.startsWith('Stripe');
}

async function act(
  { world, random, planIds }: Stage,
  life: Life,
  subscription: Stripe.Subscription,
  deed: Exclude<Deed, 'convert' | 'setPrice'>,
): Promise<void> {
  const { stripe } = world;
  const { id } = subscription;
  const customer = idOf(subscription.customer) ?? '';
  switch (deed) {
    case 'changePlan': {
      const planId = random.pick(planIds) ?? '';
      const [item] = subscription.items.data;
      const interval = item?.price.recurring?.interval === 'year' ? 'year' : 'month';
      const key = { planId, version: 1, currency: life.currency, interval } as const;
      await stripe.subscriptions.update(id, {
        items: [{ id: item?.id ?? '', price: await ensurePrice(world.deps, key) }],
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
      });
      return;
    }
    case 'changeCard': {
      const card = random.pick(cards) ?? 'visa';
      await world.simulator.run((tx) => {
        for (const method of tx.getAll('payment_method', customer)) method.sim_card = card;
      });
      return;
    }
    case 'payOpen': {
      const { data } = await stripe.invoices.list({ customer, status: 'open' });
      for (const invoice of data) await stripe.invoices.pay(invoice.id);
      return;
    }
    case 'cancelLater':
    case 'resume':
      await stripe.subscriptions.update(id, { cancel_at_period_end: deed === 'cancelLater' });
      return;
    case 'cancelNow':
      await stripe.subscriptions.cancel(id);
      return;
    case 'credit':
      await stripe.customers.createBalanceTransaction(customer, {
        amount: -10 * (1 + random.below(300)),
        currency: life.currency,
      });
  }
}

async function subscribe(
  { world, random, planIds }: Stage,
  { organizationId, currency }: Life,
  interval: 'month' | 'year',
): Promise<void> {
  const order = { planId: random.pick(planIds) ?? '', currency, interval };
  await world.subscribe(organizationId, order).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
  });
  await chargeOverage(world.db, organizationId);
}

/** Some complete at once; who is refused (a debt, no plan) goes without. */
async function convertSome({ world, random }: Stage, { organizationId }: Life): Promise<void> {
  const metering = meteringOn(world.db, world.clock);
  const calls = Array.from({ length: 1 + random.below(12) }, () =>
    admitCall(organizationId, { type: random.pick(types) ?? 'CSV_TO_JSON' }),
  );
  await Promise.all(
    calls.map(async (call) => {
      const { verdict } = await metering.admit(call);
      if (!verdict.startsWith('allowed')) return;
      await metering.complete(completeCall(organizationId, call.jobId));
    }),
  );
}

async function setPrice({ world, random }: Stage, { organizationId }: Life): Promise<void> {
  const operator = { kind: 'super_admin', id: 'operator' } as const;
  const price = random.pick(['0.003', '0.05', '0.333', '2']) ?? '1';
  await setOverrides(
    { ...systemContext(world.deps, organizationId), actor: operator },
    { overage_price: price, reason: 'A life' },
  );
}

async function findSubscription(
  { db, stripe }: OpenWorld,
  { organizationId }: Life,
): Promise<Stripe.Subscription | null> {
  const [row] = await db.query<{ customer: string | null }>(
    sql`SELECT stripe_customer_id AS customer FROM organization_subscriptions
      WHERE organization_id = ${organizationId}`,
  );
  if (typeof row?.customer !== 'string') return null;
  const { data } = await stripe.subscriptions.list({ customer: row.customer });
  return data.find(({ status }) => status !== 'canceled') ?? null;
}
