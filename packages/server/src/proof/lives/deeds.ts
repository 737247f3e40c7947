import type { OpenWorld } from '../../test/billing-world.ts';
import { customerOf, setCard } from '../../test/checkout.ts';
import { visitPage } from './hosted-page.ts';
import { ask, type Life, visitWithCard } from './life.ts';

export type Deed =
  | 'changePlan'
  | 'changeCard'
  | 'cardTurns'
  | 'payOpen'
  | 'cancelLater'
  | 'resume'
  | 'endNow'
  | 'credit'
  | 'trial';

interface Act {
  /** How often it is done, beside the others. */
  readonly weight: number;
  act(world: OpenWorld, life: Life): Promise<unknown>;
}

const dayMs = 86_400_000;

/** What is done about money, each through our own API, or on a hosted page that it led to. */
export const deeds: Readonly<Record<Deed, Act>> = {
  changePlan: { weight: 3, act: changeSubscription },
  changeCard: { weight: 1, act: giveCard },
  cardTurns: { weight: 1, act: turnCard },
  payOpen: { weight: 2, act: payOpen },
  cancelLater: { weight: 1, act: (_, life) => ask(life, 'DELETE', 'subscription') },
  resume: { weight: 1, act: (_, life) => ask(life, 'POST', 'subscription/resume') },
  endNow: { weight: 0.4, act: endNow },
  credit: { weight: 0.5, act: giveCredit },
  trial: { weight: 0.5, act: giveTrial },
};

/** Subscribes, or changes the plan: upward, downward, by the year, later, to Free, back again. */
export async function changeSubscription(world: OpenWorld, life: Life): Promise<void> {
  const { random, other } = life;
  const { currency, planIds } = other !== null && random.chance(0.5) ? other : life;
  const wanted = {
    plan_id: random.chance(0.1) ? 'plan_free' : (random.pick(planIds) ?? ''),
    ...(random.chance(0.25) ? { interval: random.chance(0.5) ? 'year' : 'month' } : {}),
    ...(random.chance(0.2) ? { when: 'period_end' } : {}),
  };
  const body = wanted.plan_id === 'plan_free' ? wanted : { ...wanted, currency };
  const preview = random.chance(0.3) ? await ask(life, 'POST', 'subscription/preview', body) : null;
  const date = preview?.body['proration_date'];
  const dated = typeof date === 'string' ? { ...body, proration_date: date } : body;
  const reply = await ask(life, 'POST', 'subscription', dated, { mayBeWrong: true });
  const url = reply?.body['checkout_url'];
  // One in ten leaves the page as it is.
  if (typeof url === 'string' && random.chance(0.9)) await visitWithCard(world, life, url);
  await ask(life, 'PATCH', 'billing', { overage_policy: 'charge' });
}

async function giveCard(world: OpenWorld, life: Life): Promise<void> {
  const reply = await ask(life, 'POST', 'billing/payment-method');
  if (reply !== null) await visitWithCard(world, life, reply.body['url']);
  await ask(life, 'PATCH', 'billing', { overage_policy: 'charge' });
}

/** The cards that are there begin to fail, or to work again. */
async function turnCard(world: OpenWorld, life: Life): Promise<void> {
  const customer = await customerOf(world, life.one).catch(() => null);
  if (customer === null) return;
  const card = life.random.pick(['visa', 'visa', 'chargeCustomerFail']) ?? 'visa';
  const { data } = await world.stripe.customers.listPaymentMethods(customer.id);
  for (const { id } of data) await setCard(world, id, card);
}

/** On the hosted page of the newest open invoice, as the list of ours names it. */
async function payOpen(world: OpenWorld, life: Life): Promise<void> {
  const reply = await ask(life, 'GET', 'billing/invoices');
  const invoices = (reply?.body['data'] ?? []) as { status: string; hosted_invoice_url: string }[];
  const open = invoices.find(({ status }) => status === 'open');
  if (open === undefined) return;
  await visitPage(world, { url: open.hosted_invoice_url, card: 'visa', comesBack: false });
}

async function endNow(_: OpenWorld, life: Life): Promise<void> {
  const settlement = life.random.pick(['none', 'credit', 'refund']) ?? 'none';
  const what = `subscription?when=now&settlement=${settlement}`;
  await ask(life, 'DELETE', what, undefined, { asOperator: true });
}

async function giveCredit(world: OpenWorld, life: Life): Promise<void> {
  const amount_minor = 10 * (1 + life.random.below(300));
  const body = { amount_minor, currency: life.currency, reason: 'A life' };
  const { status } = await world.api.call(
    `POST /v1/admin/workspaces/${life.one.organizationId}/credits`,
    { body },
  );
  if (status === 201) life.creditMinor += amount_minor;
  else if (status !== 409) throw new Error(`a credit was answered ${status}`);
}

/** Days for nothing: of the plan it pays for, or of one it does not. */
async function giveTrial(world: OpenWorld, life: Life): Promise<void> {
  const { random, currency, planIds, one } = life;
  const ends_at = new Date(world.clock.now().getTime() + (1 + random.below(40)) * dayMs);
  const { body: present } = await one.call('GET', 'subscription');
  const isFree = (present['plan'] as { id: string } | undefined)?.id === 'plan_free';
  const first = isFree ? { plan_id: random.pick(planIds), currency } : {};
  const { status, body } = await world.api.call(
    `POST /v1/admin/workspaces/${one.organizationId}/trial`,
    { body: { ends_at: ends_at.toISOString(), ...first } },
  );
  // 400: before the end of what is paid.
  if ([200, 400, 409, 503].includes(status)) return;
  throw new Error(`a trial was answered ${status} ${JSON.stringify(body)}`);
}
