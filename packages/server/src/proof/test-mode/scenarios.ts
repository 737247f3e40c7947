import { attachOverage } from '../../billing/overage/attach-overage.ts';
import { idOf, type Stripe } from '../../billing/provider/stripe.ts';
import { syncOrganization } from '../../billing/sync/sync.ts';
import { sql } from '../../db/sql.ts';
import { convert, overageOn, providerInvoices } from '../../test/overage.ts';
import { type Actor, enter, type StageOptions, type Terms } from './stage.ts';

/** Played by the simulator in `npm test`, and by Stripe's test mode where a key is given. */
export interface Scenario {
  readonly name: string;
  readonly terms: Terms;
  /** What is not as it must be. */
  play(actor: Actor): Promise<string[]>;
}

const invoicesOf = ({ deps, organizationId }: Actor): Promise<Stripe.Invoice[]> =>
  providerInvoices(deps, organizationId);

function compare(what: string, is: unknown, expected: unknown): string[] {
  const [left, right] = [JSON.stringify(is), JSON.stringify(expected)];
  return left === right ? [] : [`${what}: ${left} instead of ${right}`];
}

/** What a webhook would have had done: the renewal's draft gets its overage. */
async function prepareDrafts(actor: Actor): Promise<void> {
  const { deps, organizationId } = actor;
  for (const invoice of await invoicesOf(actor)) {
    if (invoice.status === 'draft') await attachOverage(deps, organizationId, invoice);
  }
}

async function statusOf({ deps, organizationId }: Actor): Promise<string> {
  await syncOrganization(deps, organizationId);
  const [row] = await deps.db.query<{ status: string }>(
    sql`SELECT status FROM organization_subscriptions WHERE organization_id = ${organizationId}`,
  );
  return row?.status ?? '';
}

const monthly = { included: 1_000, amountMinor: 2_900, price: '0.004', interval: 'month' } as const;

export const scenarios: readonly Scenario[] = [
  {
    name: 'base 2900, 2,234 used of 1,000: item 494, invoice 3394, attached three times',
    terms: monthly,
    play: async (actor) => {
      await convert(actor.deps, actor.organizationId, 2_234);
      await actor.advanceTo(new Date('2027-07-01T12:00:00Z'));
      for (let turn = 0; turn < 3; turn += 1) await prepareDrafts(actor);
      await actor.advanceTo(new Date('2027-07-01T15:00:00Z'));
      const renewal = (await invoicesOf(actor)).at(-1);
      return [
        ...compare('items', renewal === undefined ? null : overageOn(renewal), [494]),
        ...compare('renewal', [renewal?.status, renewal?.total], ['paid', 3_394]),
      ];
    },
  },
  {
    name: 'a yearly plan: overage on an invoice of its own each month',
    terms: { included: 0, amountMinor: 29_000, price: '1', interval: 'year' },
    play: async (actor) => {
      await convert(actor.deps, actor.organizationId, 3);
      await actor.advanceTo(new Date('2027-07-01T13:00:00Z'));
      await actor.advanceTo(new Date('2027-07-01T17:00:00Z'));
      const all = await invoicesOf(actor);
      const own = all.filter((one) => one.billing_reason === 'manual');
      return compare(
        'own',
        own.map(({ status, total }) => [status, total]),
        [['paid', 300]],
      );
    },
  },
  {
    name: 'a card that fails at the renewal, another one, and the debt paid',
    terms: monthly,
    play: async (actor) => {
      const { deps, subscription } = actor;
      const customer = idOf(subscription.customer) ?? '';
      await setCard(actor, customer, 'pm_card_chargeCustomerFail');
      await actor.advanceTo(new Date('2027-07-01T12:00:00Z'));
      await prepareDrafts(actor);
      await actor.advanceTo(new Date('2027-07-01T15:00:00Z'));
      const wrong = compare('after the failure', await statusOf(actor), 'past_due');
      const method = await setCard(actor, customer, 'pm_card_visa');
      const open = (await invoicesOf(actor)).find(({ status }) => status === 'open');
      await deps.stripe.invoices.pay(open?.id ?? '', { payment_method: method });
      return [...wrong, ...compare('after the payment', await statusOf(actor), 'active')];
    },
  },
  {
    name: 'a subscription that ends within its period: one last invoice',
    terms: { ...monthly, included: 0, price: '1' },
    play: async (actor) => {
      await convert(actor.deps, actor.organizationId, 4);
      await actor.advanceTo(new Date('2027-06-10T12:00:00Z'));
      await actor.deps.stripe.subscriptions.cancel(actor.subscription.id);
      await syncOrganization(actor.deps, actor.organizationId);
      await actor.advanceTo(new Date('2027-06-10T13:00:00Z'));
      await actor.advanceTo(new Date('2027-06-10T17:00:00Z'));
      const last = (await invoicesOf(actor)).at(-1);
      return compare('last', [last?.billing_reason, last?.total], ['manual', 400]);
    },
  },
  {
    name: 'an upgrade is previewed while a schedule holds the subscription',
    terms: monthly,
    play: async (actor) => {
      const { stripe } = actor.deps;
      await actor.advanceTo(new Date('2027-06-16T12:00:00Z'));
      const { id, items } = await stripe.subscriptions.retrieve(actor.subscription.id);
      const item = items.data[0];
      const dearer = await stripe.prices.create({
        product: idOf(item?.price.product) ?? '',
        currency: 'usd',
        unit_amount: 5_900,
        recurring: { interval: 'month' },
      });
      const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
      const preview = await stripe.invoices.createPreview({
        subscription: id,
        subscription_details: {
          items: [{ id: item?.id ?? '', price: dearer.id }],
          proration_behavior: 'always_invoice',
          proration_date: Math.floor(actor.clock.now().getTime() / 1000),
        },
      });
      await stripe.subscriptionSchedules.release(schedule.id);
      return compare('at half of the period', preview.total, 1_500);
    },
  },
];

async function setCard({ deps, subscription }: Actor, customer: string, card: string) {
  const method = await deps.stripe.paymentMethods.attach(card, { customer });
  await deps.stripe.subscriptions.update(subscription.id, { default_payment_method: method.id });
  return method.id;
}

/** Plays one to its end; nothing of it is left at the provider but its price. */
export async function playScenario(options: StageOptions, scenario: Scenario): Promise<string[]> {
  const actor = await enter(options, scenario.terms);
  try {
    return [...(await scenario.play(actor)), ...(await actor.differences())];
  } finally {
    await actor.leave();
  }
}
