import type { Method } from '../../http/route.ts';
import type { OpenWorld } from '../../test/billing-world.ts';
import { admitCall, completeCall, meteringOn } from '../../test/calls.ts';
import { customerOf, finishCheckout, setCard, type Visitor, visitor } from '../../test/checkout.ts';
import { type Customer, customers, type Deed } from './company.ts';

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
  readonly one: Visitor;
}

/** Plays a year from where the world's clock stands; `onMonth` is told when each is over. */
export async function playYear(world: OpenWorld, onMonth: (month: number) => void): Promise<void> {
  const start = world.clock.now();
  const plays: Play[] = [];
  for (const customer of customers) {
    const play = { world, customer, one: await visitor(world, customer.name) };
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
  if (deed.kind === 'convert') return convert(play, deed.count);
  await act(play, deed);
  await play.world.settle();
}

/** Past a debt's grace, or on Free, some are refused: as in life. */
async function convert({ world, one }: Play, count: number): Promise<void> {
  const { organizationId } = one;
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

/** As customers and their operator do it: by the API's own routes, and on the hosted pages. */
async function act(play: Play, deed: Exclude<Deed, { kind: 'convert' }>): Promise<void> {
  const { world, customer, one } = play;
  const { currency } = customer;
  switch (deed.kind) {
    case 'subscribe': {
      const { plan, interval = 'month' } = deed;
      const order = { plan_id: planIds[plan], interval, currency };
      const { checkout_url: url } = await ask(play, 'POST', 'subscription', order);
      await finishCheckout(world, url);
      return chargeOverage(play);
    }
    case 'change':
      return void (await ask(play, 'POST', 'subscription', { plan_id: planIds[deed.plan] }));
    case 'card':
      for (const { id } of await cardsOf(play)) await setCard(world, id, deed.card);
      return;
    case 'new_card': {
      const { url } = await ask(play, 'POST', 'billing/payment-method');
      await finishCheckout(world, url, deed.card);
      return chargeOverage(play);
    }
    case 'cancel':
      return void (await ask(play, 'DELETE', 'subscription'));
    case 'resume':
      return void (await ask(play, 'POST', 'subscription/resume'));
    case 'end': {
      const what = `subscription?when=now&settlement=${deed.settlement}`;
      return void (await ask(play, 'DELETE', what, undefined, { asOperator: true }));
    }
    case 'trial': {
      const ends_at = new Date(world.clock.now().getTime() + deed.days * dayMs).toISOString();
      const { status, body } = await world.api.call(
        `POST /v1/admin/workspaces/${one.organizationId}/trial`,
        { body: { ends_at, plan_id: planIds[deed.plan], currency } },
      );
      if (status !== 200) throw new Error(`${customer.name}: no trial: ${JSON.stringify(body)}`);
    }
  }
}

async function ask(
  { one, customer }: Play,
  method: Method,
  what: string,
  given?: object,
  options?: { asOperator?: boolean },
): Promise<Record<string, unknown>> {
  const { status, body } = await one.call(method, what, given, options);
  if (status === 200) return body;
  throw new Error(`${customer.name}: ${method} ${what} was answered ${JSON.stringify(body)}`);
}

async function chargeOverage(play: Play): Promise<void> {
  await ask(play, 'PATCH', 'billing', { overage_policy: 'charge' });
}

async function cardsOf({ world, one }: Play): Promise<{ id: string }[]> {
  const { id } = await customerOf(world, one);
  return (await world.stripe.customers.listPaymentMethods(id)).data;
}
