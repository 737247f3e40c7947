import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type Simulator, type SimulatorOptions, startSimulator } from '@mutate/stripe-sim';
import { adminRoutes } from '../admin/routes.ts';
import { auditRoutes } from '../audit/routes.ts';
import { advanceClock } from '../billing/clock/clock.ts';
import { ensurePrice, type PriceKey, syncCatalogue } from '../billing/catalogue/catalogue.ts';
import { ensureCustomer } from '../billing/customer/customer.ts';
import { type BillingDeps, systemContext } from '../billing/deps.ts';
import { type Billing, openBilling } from '../billing/open-billing.ts';
import { billingRoutes } from '../billing/routes.ts';
import { controlSimulator } from '../billing/provider/simulator-control.ts';
import type { Stripe, StripeClient } from '../billing/provider/stripe.ts';
import { ManualClock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Pool } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { planRoutes } from '../plans/routes.ts';
import { subscriptionRoutes } from '../subscriptions/routes.ts';
import { createTestApi, type TestApi } from './api.ts';
import { scenario } from './scenario.ts';
import { quietLog } from './server.ts';

/** Noon on 1 June 2027 UTC, where tests begin that do not care. */
const worldStart = '2027-06-01T12:00:00Z';

/**
 * A server with its billing, a simulator beside it, and time that stands until it is moved. The
 * simulator's webhooks go to the server over the loopback, as they would in production.
 */
export interface OpenWorld {
  readonly db: Pool;
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly stripe: StripeClient;
  readonly billing: Billing;
  readonly deps: BillingDeps;
  readonly api: TestApi;
  /** A new workspace on Free. */
  organization(name?: string): Promise<string>;
  /** Buys a plan with a test card, as Checkout would have done. */
  subscribe(organizationId: string, order: Order): Promise<Stripe.Subscription>;
  /** Waits until every webhook that is due has come and all it brought about is done. */
  settle(): Promise<void>;
  /** Moves both clocks to a moment, playing what falls due on the way, in order. */
  advanceTo(to: string | Date): Promise<void>;
  close(): Promise<void>;
}

export interface Order extends Partial<Omit<PriceKey, 'planId'>> {
  readonly planId: string;
  /** A test card by name, e.g. `chargeCustomerFail`; a good one by default. */
  readonly card?: string;
}

export interface WorldOptions {
  readonly start?: string;
  readonly simulator?: SimulatorOptions;
  readonly graceDays?: number;
  /** Only what goes wrong, by default. */
  readonly log?: Log;
  /** What the provider's client waits before it tries again; absent: half a second and more. */
  readonly clientPauseMs?: number;
  /** Beside the one that the simulator signs with. */
  readonly webhookSecrets?: readonly string[];
}

const secretKey = 'sk_test_simulated';

/** On a migrated database, which is the caller's. */
export async function openBillingWorld(db: Pool, options: WorldOptions = {}): Promise<OpenWorld> {
  const start = new Date(options.start ?? worldStart);
  const clock = new ManualClock(start);
  const simulator = await startSimulator({
    heldAt: start.getTime() / 1000,
    log: (line) => console.warn(line),
    ...options.simulator,
  });
  const secret = `whsec_${randomBytes(12).toString('hex')}`;
  const billing = openWorldBilling({ options, db, clock, simulator, secret });
  const { deps } = billing;
  if (options.clientPauseMs !== undefined) {
    const pauseSeconds = options.clientPauseMs / 1000;
    Object.assign(deps.stripe, { getInitialNetworkRetryDelay: () => pauseSeconds });
  }
  const api = createTestApi(db, clock, [
    ...billingRoutes(billing),
    ...subscriptionRoutes,
    ...planRoutes,
    ...adminRoutes,
    ...auditRoutes,
  ]);
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  await simulator.sendWebhooksTo(`http://127.0.0.1:${port}/v1/webhooks/stripe`, secret);
  await deps.verifyAccount();
  await syncCatalogue(deps);
  const settle = async (): Promise<void> => {
    await simulator.settled();
    await billing.settle();
  };
  await settle();
  return {
    db,
    clock,
    simulator,
    stripe: deps.stripe,
    billing,
    deps,
    api,
    organization: (name = 'Acme') => makeOrganization(db, clock, name),
    subscribe: async (organizationId, order) => {
      const subscription = await buy(deps, organizationId, order);
      await settle();
      return subscription;
    },
    settle,
    advanceTo: async (to) =>
      void (await advanceClock(deps, new Date(to), {
        settle,
        alone: (work) => billing.alone(work),
      })),
    close: async () => {
      await billing.close();
      // Before the server: a webhook under way would keep its connection open.
      await simulator.stop();
      await api.close();
    },
  };
}

/** What failed is tried again by the wall clock, which does not wait for us: it is due now. */
export async function hurry(world: OpenWorld): Promise<void> {
  await world.settle();
  for (let turn = 0; turn < 5; turn += 1) {
    const work = sql`UPDATE due_work SET next_attempt_at = now() WHERE attempts > 0 RETURNING kind`;
    const events = sql`UPDATE stripe_events SET next_attempt_at = now()
      WHERE processed_at IS NULL RETURNING id`;
    const waiting = [...(await world.db.query(work)), ...(await world.db.query(events))];
    if (waiting.length === 0) return;
    await world.settle();
  }
}

/** Webhooks that were lost, or that nobody took, are sent once more. */
export async function resend({ simulator }: OpenWorld, status: 'lost' | 'failed'): Promise<void> {
  const body = JSON.stringify({ status });
  const headers = { authorization: 'Bearer sk_test_x', 'content-type': 'application/json' };
  await fetch(`${simulator.url}/_sim/webhooks/resend`, { method: 'POST', body, headers });
}

interface WorldParts {
  readonly options: WorldOptions;
  readonly db: Pool;
  readonly clock: ManualClock;
  readonly simulator: Simulator;
  readonly secret: string;
}

function openWorldBilling({ options, db, clock, simulator, secret }: WorldParts): Billing {
  const control = controlSimulator(simulator.url, secretKey);
  return openBilling({
    settings: {
      mode: 'simulator',
      secretKey,
      apiBase: simulator.url,
      webhookSecrets: [secret, ...(options.webhookSecrets ?? [])],
      graceDays: options.graceDays ?? 7,
      timeControl: {
        // Its time stands again after each advance.
        simulator: { ...control, release: () => Promise.resolve() },
        moveTo: (to) => Promise.resolve(clock.set(to)),
      },
    },
    db,
    clock,
    log: options.log ?? quietLog,
    publicUrl: () => 'https://mutate.test',
  });
}

async function makeOrganization(db: Pool, clock: ManualClock, name: string): Promise<string> {
  const { organizationId } = await scenario(db, clock).organization(name).create();
  return organizationId;
}

async function buy(
  deps: BillingDeps,
  organizationId: string,
  { card = 'visa', planId, version = 1, currency = 'usd', interval = 'month' }: Order,
): Promise<Stripe.Subscription> {
  const customer = await ensureCustomer(deps, systemContext(deps, organizationId));
  const price = await ensurePrice(deps, { planId, version, currency, interval });
  const method = await deps.stripe.paymentMethods.attach(`pm_card_${card}`, { customer });
  return deps.stripe.subscriptions.create({
    customer,
    items: [{ price }],
    default_payment_method: method.id,
    billing_mode: { type: 'flexible' },
  });
}
