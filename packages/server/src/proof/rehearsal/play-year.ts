import { ensurePrice, type PriceKey } from '../../billing/catalogue/catalogue.ts';
import { idOf, type Stripe } from '../../billing/provider/stripe.ts';
import { sql } from '../../db/sql.ts';
import type { OpenWorld } from '../../test/billing-world.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { chargeOverage } from '../../test/overage.ts';
import { type Customer, customers, type Deed, type PlanName } from './company.ts';

const dayMs = 86_400_000;
/** When a customer's month of work is done. */
const workday = 10;

const prices = {
  Team: { usd: 2_900, eur: 2_700, gbp: 2_400, jpy: 4_400 },
  Studio: { usd: 9_900, eur: 9_500, gbp: 8_400, jpy: 14_900 },
} as const;
const overage = {
  Team: { usd: '0.35', eur: '0.33', gbp: '0.295', jpy: '52' },
  Studio: { usd: '0.2', eur: '0.185', gbp: '0.165', jpy: '29.5' },
} as const;
const included = { Team: 40, Studio: 120 } as const;
const currencies = ['usd', 'eur', 'gbp', 'jpy'] as const;
const planIds = { Team: 'plan_team', Studio: 'plan_studio' } as const;

/** The two plans of the company, small enough that a year of conversions takes seconds. */
export async function makeCompanyPlans({ api }: OpenWorld): Promise<void> {
  for (const name of ['Team', 'Studio'] as const) {
    const { status, body } = await api.call('POST /v1/admin/plans', {
      body: {
        id: planIds[name],
        name,
        monthly_conversion_limit: included[name],
        concurrent_conversion_limit: null,
        max_file_size_mb: 50,
        rate_limit_per_minute: 1_000,
        overage_policies: ['block', 'charge'],
        prices: currencies.flatMap((currency) =>
          (['month', 'year'] as const).map((interval) => ({
            currency,
            interval,
            amount_minor: prices[name][currency] * (interval === 'year' ? 10 : 1),
            overage_amount: overage[name][currency],
          })),
        ),
      },
    });
    if (status !== 201) throw new Error(`no plan: ${JSON.stringify(body)}`);
  }
}

interface Play {
  readonly world: OpenWorld;
  readonly customer: Customer;
  readonly organizationId: string;
}

/** Plays a year from where the world's clock stands; `onMonth` is told when each is over. */
export async function playYear(world: OpenWorld, onMonth: (month: number) => void): Promise<void> {
  const start = world.clock.now();
  const plays: Play[] = [];
  for (const customer of customers) {
    const play = { world, customer, organizationId: await world.organization(customer.name) };
    await perform(play, customer.begins);
    plays.push(play);
  }
  for (let month = 0; month < 12; month += 1) {
    const begin = monthOf(start, month);
    for (const day of daysOf(month)) {
      await world.advanceTo(new Date(begin.getTime() + day * dayMs));
      for (const play of plays) await performOf(play, month, day);
    }
    await world.advanceTo(monthOf(start, month + 1));
    onMonth(month);
  }
  // The drafts of the last month, and what is tried again after a failure.
  await world.advanceTo(new Date(monthOf(start, 12).getTime() + 2 * dayMs));
}

function monthOf(start: Date, month: number): Date {
  const at = new Date(start);
  at.setUTCMonth(at.getUTCMonth() + month);
  return at;
}

function daysOf(month: number): number[] {
  const days = customers.flatMap(({ story }) =>
    story.filter((one) => one.month === month).map((one) => one.day),
  );
  return [...new Set([workday, ...days])].toSorted((left, right) => left - right);
}

async function performOf(play: Play, month: number, day: number): Promise<void> {
  const { customer } = play;
  if (day === workday) {
    await perform(play, { kind: 'convert', count: customer.monthly[month] ?? 0 });
  }
  const today = customer.story.filter((one) => one.month === month && one.day === day);
  for (const { deed } of today) await perform(play, deed);
}

async function perform(play: Play, deed: Deed): Promise<void> {
  const { world, organizationId, customer } = play;
  if (deed.kind === 'convert') return convert(play, deed.count);
  if (deed.kind === 'subscribe') {
    const { interval = 'month', plan } = deed;
    const { currency } = customer;
    await world.subscribe(organizationId, { planId: planIds[plan], currency, interval });
    return chargeOverage(world.db, organizationId);
  }
  await change(play, await requireSubscription(play), deed);
  await world.settle();
}

/** Past a debt's grace, or on Free, some are refused: as in life. */
async function convert({ world, organizationId }: Play, count: number): Promise<void> {
  const metering = meteringOn(world.db, world.clock);
  const types = ['XLSX_TO_CSV', 'DOCX_TO_PDF', 'CSV_TO_JSON'];
  const calls = Array.from({ length: count }, (_, index) =>
    admitCall(organizationId, { type: types[index % types.length] ?? '' }),
  );
  const decisions = await Promise.all(calls.map((call) => metering.admit(call)));
  const admitted = calls.filter((_, index) => decisions[index]?.verdict.startsWith('allowed'));
  await Promise.all(
    admitted.map((call) => metering.complete(completeCall(organizationId, call.jobId))),
  );
}

async function requireSubscription(play: Play): Promise<Stripe.Subscription> {
  const { world, organizationId, customer } = play;
  const [row] = await world.db.query<{ id: string | null }>(
    sql`SELECT stripe_subscription_id AS id FROM organization_subscriptions
      WHERE organization_id = ${organizationId}`,
  );
  if (typeof row?.id !== 'string') throw new Error(`${customer.name} has no subscription`);
  return world.stripe.subscriptions.retrieve(row.id);
}

/** At the provider, as its hosted pages would do it. */
async function change(
  { world, customer }: Play,
  subscription: Stripe.Subscription,
  deed: Exclude<Deed, { kind: 'convert' | 'subscribe' }>,
): Promise<void> {
  const { stripe, deps } = world;
  const [item] = subscription.items.data;
  const customerId = idOf(subscription.customer) ?? '';
  const priceOf = (plan: PlanName) => {
    const key: PriceKey = {
      planId: planIds[plan],
      version: 1,
      currency: customer.currency,
      interval: item?.price.recurring?.interval === 'year' ? 'year' : 'month',
    };
    return ensurePrice(deps, key);
  };
  switch (deed.kind) {
    case 'change':
      await stripe.subscriptions.update(subscription.id, {
        items: [{ id: item?.id ?? '', price: await priceOf(deed.plan) }],
        proration_behavior: 'always_invoice',
      });
      return;
    case 'downgrade': {
      const made = await stripe.subscriptionSchedules.create({
        from_subscription: subscription.id,
      });
      const [phase] = made.phases;
      await stripe.subscriptionSchedules.update(made.id, {
        end_behavior: 'release',
        phases: [
          {
            start_date: phase?.start_date ?? 0,
            end_date: phase?.end_date ?? 0,
            items: [{ price: item?.price.id ?? '' }],
          },
          { items: [{ price: await priceOf(deed.plan) }], duration: { interval: 'month' } },
        ],
      });
      return;
    }
    case 'card':
      await world.simulator.run((tx) => {
        for (const method of tx.getAll('payment_method', customerId)) method.sim_card = deed.card;
      });
      return;
    case 'pay': {
      const { data } = await stripe.invoices.list({ customer: customerId, status: 'open' });
      for (const invoice of data) await stripe.invoices.pay(invoice.id);
      return;
    }
    case 'cancel':
      if (deed.when === 'now') await stripe.subscriptions.cancel(subscription.id);
      else await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  }
}
