import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refuse } from '../../conversions/refuse.ts';
import type { ConversionDeps } from '../../conversions/deps.ts';
import { sql } from '../../db/sql.ts';
import { RefusalRecorder } from '../../metering/refusals.ts';
import { isRefused } from '../../metering/refusal.ts';
import { admitCall, meteringOn } from '../../test/calls.ts';
import {
  type BillingWorld,
  billingEventTypes,
  createBillingWorld,
  keptSubscription,
} from '../../test/billing.ts';
import { makeSubscriber, type Subscriber, useCard } from '../../test/subscriber.ts';
import { systemContext } from '../deps.ts';
import { idOf } from '../provider/stripe.ts';
import { syncOrganization } from './sync.ts';

let world: BillingWorld;
let subscriber: Subscriber;
let id: string;
let subscriptionId: string;
let renewedAt: number;

beforeAll(async () => {
  world = await createBillingWorld();
});
beforeEach(async () => {
  subscriber = await makeSubscriber(world);
  ({ id, subscriptionId, renewedAtMs: renewedAt } = subscriber);
});
afterAll(() => world.close());

const hour = 3_600_000;
const day = 24 * hour;
const kept = () => keptSubscription(world, id);

async function missRenewal(): Promise<void> {
  await useCard(world, subscriber, 'chargeCustomerFail');
  await world.advanceTo(new Date(renewedAt + 2 * hour));
}

async function limitInForce(): Promise<number | null> {
  const [row] = await world.db.query<{ monthly_limit: number | null }>(
    sql`SELECT monthly_limit FROM effective_limits(${[id]}::text[], ${world.clock.now()}::timestamptz)`,
  );
  return row?.monthly_limit ?? null;
}

/** Uses up so many units, without converting anything. */
async function use(count: number): Promise<void> {
  const now = world.clock.now();
  await world.db.query(sql`SELECT roll_usage_periods(${[id]}::text[], ${now}::timestamptz)`);
  await world.db.query(sql`UPDATE usage_counters SET used = ${count}::bigint
    WHERE organization_id = ${id}`);
}

async function refusal() {
  const metering = meteringOn(world.db, world.clock);
  const decision = await metering.admit(admitCall(id));
  if (!isRefused(decision)) throw new Error(`it was ${decision.verdict}`);
  const { db, clock, log } = world.deps;
  const deps = {
    refusals: new RefusalRecorder({ db, clock, log }),
    settings: { publicUrl: 'https://mutate.test' },
  } as unknown as ConversionDeps;
  return refuse(deps, systemContext(world.deps, id), decision);
}

describe('a renewal that is not paid', () => {
  test('keeps the plan for seven days from the failure, then Free limits hold', async () => {
    await missRenewal();
    const [finalized, row] = [renewedAt + hour, await kept()];
    expect(row).toMatchObject({ plan_id: 'plan_starter', status: 'past_due' });
    const graceEnd = Date.parse(String(row['grace_ends_at']));
    expect(Math.abs(graceEnd - finalized - 7 * day)).toBeLessThan(hour);
    expect(await limitInForce()).toBe(1000);
    await world.advanceTo(new Date(graceEnd - 1));
    expect(await limitInForce()).toBe(1000);
    await world.advanceTo(new Date(graceEnd));
    expect(await limitInForce()).toBe(100);
    const { body } = await world.api.call(`GET /v1/workspaces/${id}/billing`);
    expect(body).toMatchObject({ status: 'past_due' });
  });

  test('past the grace: 402 payment_overdue with the page that takes the payment', async () => {
    await missRenewal();
    await world.advanceTo(new Date(Date.parse(String((await kept())['grace_ends_at'])) + 1));
    await use(100);
    const error = await refusal();
    expect(error).toMatchObject({ code: 'payment_overdue', status: 402 });
    const url = String(error.details['invoice_url']);
    expect(url).toContain(world.simulator.url);
    expect((await fetch(url)).status).toBe(200);
  });

  const latestInvoice = async (): Promise<string> => {
    const { latest_invoice: latest } = await world.stripe.subscriptions.retrieve(subscriptionId);
    return idOf(latest) ?? '';
  };

  test('whatever the provider keeps of the failed invoice, the grace ends when it would have', async () => {
    await missRenewal();
    const { grace_ends_at: graceEnd } = await kept();
    const invoiceId = await latestInvoice();
    await world.simulator.run((tx) => {
      const invoice = tx.find('invoice', invoiceId);
      Object.assign(invoice ?? {}, { attempted: false });
    });
    await syncOrganization(world.deps, id);
    expect(await kept()).toMatchObject({ status: 'past_due', grace_ends_at: graceEnd });
    await world.simulator.run((tx) => {
      const invoice = tx.find('invoice', invoiceId);
      Object.assign(invoice ?? {}, { parent: null });
    });
    await syncOrganization(world.deps, id);
    expect(await kept()).toMatchObject({ status: 'past_due', grace_ends_at: graceEnd });
  });

  test('a failure without any invoice to tell of it has a grace with an end', async () => {
    await missRenewal();
    await world.db.query(sql`UPDATE organization_subscriptions SET grace_ends_at = NULL
      WHERE organization_id = ${id}`);
    expect(await limitInForce()).toBe(100);
  });

  test('an older invoice that stayed open takes no grace from a later failure', async () => {
    await missRenewal();
    await world.stripe.invoices.update(await latestInvoice(), { auto_advance: false });
    await useCard(world, subscriber, 'visa');
    const ends = async () => Date.parse(String((await kept())['current_period_end']));
    const second = await ends();
    await world.advanceTo(new Date(second + 2 * hour));
    expect(await kept()).toMatchObject({ status: 'active', grace_ends_at: null });
    await useCard(world, subscriber, 'chargeCustomerFail');
    const third = await ends();
    await world.advanceTo(new Date(third + 2 * hour));
    const row = await kept();
    expect(row).toMatchObject({ status: 'past_due' });
    const graceEnd = Date.parse(String(row['grace_ends_at']));
    expect(Math.abs(graceEnd - third - hour - 7 * day)).toBeLessThan(hour);
    expect(await limitInForce()).toBe(1000);
  });

  test('paid, everything is as before at once', async () => {
    await missRenewal();
    await world.advanceTo(new Date(renewedAt + 9 * day));
    const good = await useCard(world, subscriber, 'visa');
    await world.stripe.invoices.pay(await latestInvoice(), { payment_method: good });
    await world.settle();
    expect(await kept()).toMatchObject({
      plan_id: 'plan_starter',
      status: 'active',
      grace_ends_at: null,
      past_due_since: null,
      overdue_invoice_url: null,
    });
    expect(await limitInForce()).toBe(1000);
    const history = await billingEventTypes(world, id);
    expect(history).toContain('subscription.past_due');
    expect(history).toContain('subscription.recovered');
  });

  test('never paid, the last retry ends it: Free', async () => {
    await missRenewal();
    await world.advanceTo(new Date(renewedAt + 20 * day));
    expect(await kept()).toMatchObject({ plan_id: 'plan_free', status: 'cancelled' });
    expect(await limitInForce()).toBe(100);
  });

  test('unpaid, nothing new is admitted and reading stays open', async () => {
    await world.simulator.run((tx) => {
      const [settings] = tx.getAll('sim.settings', undefined);
      if (settings !== undefined) settings.after_last_retry = 'unpaid';
    });
    await missRenewal();
    await world.advanceTo(new Date(renewedAt + 20 * day));
    await world.simulator.run((tx) => {
      const [settings] = tx.getAll('sim.settings', undefined);
      if (settings !== undefined) settings.after_last_retry = 'cancel';
    });
    expect(await kept()).toMatchObject({ plan_id: 'plan_starter', status: 'unpaid' });
    expect((await refusal()).code).toBe('payment_overdue');
    const { status, body } = await world.api.call(`GET /v1/workspaces/${id}/billing`);
    expect({ status, billing: body.status }).toEqual({ status: 200, billing: 'suspended' });
  });
});
