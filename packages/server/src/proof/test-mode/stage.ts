import { setTimeout as sleep } from 'node:timers/promises';
import { ensurePrice } from '../../billing/catalogue/catalogue.ts';
import type { BillingDeps } from '../../billing/deps.ts';
import { openBilling } from '../../billing/open-billing.ts';
import type { Stripe } from '../../billing/provider/stripe.ts';
import { syncOrganization } from '../../billing/sync/sync.ts';
import { ManualClock } from '../../clock.ts';
import type { Pool } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { scenario } from '../../test/scenario.ts';
import { chargeOverage } from '../../test/overage.ts';
import { quietLog } from '../../test/server.ts';
import { addUp } from '../lives/add-up.ts';

export interface StageOptions {
  readonly db: Pool;
  readonly secretKey: string;
  readonly apiBase: string;
}

/** One customer on a test clock of its own at the provider, and its workspace. Nothing listens to webhooks. */
export interface Actor {
  readonly deps: BillingDeps;
  readonly clock: ManualClock;
  readonly organizationId: string;
  readonly subscription: Stripe.Subscription;
  /** Moves the test clock and ours, works off what falls due, and looks at the provider. */
  advanceTo(to: Date): Promise<void>;
  /** Every difference between what we keep and what the provider has. */
  differences(): Promise<string[]>;
  /** Deletes the clock, and with it the customer and all that is theirs. */
  leave(): Promise<void>;
}

export interface Terms {
  readonly included: number;
  readonly amountMinor: number;
  readonly price: string;
  readonly interval: 'month' | 'year';
}

const start = '2027-06-01T12:00:00Z';

export async function enter(options: StageOptions, terms: Terms): Promise<Actor> {
  const { db, secretKey, apiBase } = options;
  const clock = new ManualClock(start);
  const billing = openBilling({
    settings: {
      mode: 'stripe',
      secretKey,
      apiBase,
      webhookSecrets: [],
      graceDays: 7,
      timeControl: null,
    },
    db,
    clock,
    log: quietLog,
    publicUrl: () => 'https://mutate.test',
  });
  const { deps } = billing;
  const { stripe } = deps;
  await deps.verifyAccount();
  const planId = await insertPlan(db, terms);
  const { organizationId } = await scenario(db, clock).organization('Test mode').create();
  const frozen = Math.floor(clock.now().getTime() / 1000);
  const testClock = await stripe.testHelpers.testClocks.create({ frozen_time: frozen });
  const customer = await stripe.customers.create({ test_clock: testClock.id });
  await db.query(sql`UPDATE organization_subscriptions SET stripe_customer_id = ${customer.id}
    WHERE organization_id = ${organizationId}`);
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
  const key = { planId, version: 1, currency: 'usd', interval: terms.interval };
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: await ensurePrice(deps, key) }],
    default_payment_method: method.id,
    billing_mode: { type: 'flexible' },
  });
  await syncOrganization(deps, organizationId);
  await chargeOverage(db, organizationId);
  return {
    deps,
    clock,
    organizationId,
    subscription,
    advanceTo: async (to) => {
      await advance(deps, testClock.id, to);
      clock.set(to);
      await billing.settle();
      await syncOrganization(deps, organizationId);
    },
    differences: async () => (await addUp({ db, stripe }, { organizationId })).wrong,
    leave: async () => {
      await stripe.testHelpers.testClocks.del(testClock.id);
      await billing.close();
    },
  };
}

let plans = 0;

async function insertPlan(db: Pool, terms: Terms): Promise<string> {
  plans += 1;
  const id = `plan_test_mode_${Date.now()}_${plans}`;
  await db.query(sql`INSERT INTO subscription_plans (id, name, created_at, updated_at)
    VALUES (${id}, 'Test mode', now(), now())`);
  await db.query(sql`INSERT INTO subscription_plan_versions
    VALUES (${id}, 1, ${terms.included}::bigint, NULL, NULL, 1000, '{block,charge}', '{}', now())`);
  await db.query(sql`INSERT INTO subscription_plan_prices (plan_id, version, currency, interval,
      amount_minor, overage_amount)
    VALUES (${id}, 1, 'usd', ${terms.interval}, ${terms.amountMinor}::bigint,
      ${terms.price}::numeric)`);
  return id;
}

const pollMs = 500;
const advanceMsMax = 300_000;

async function advance({ stripe }: BillingDeps, clockId: string, to: Date): Promise<void> {
  const frozen = Math.floor(to.getTime() / 1000);
  await stripe.testHelpers.testClocks.advance(clockId, { frozen_time: frozen });
  const endMs = performance.now() + advanceMsMax;
  for (;;) {
    const { status } = await stripe.testHelpers.testClocks.retrieve(clockId);
    if (status === 'ready') return;
    if (status === 'internal_failure' || performance.now() > endMs) {
      throw new Error(`the test clock is ${status}`);
    }
    await sleep(pollMs);
  }
}
