import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from './app.ts';
import { claimAccount } from './billing/provider/account.ts';
import { controlSimulator } from './billing/provider/simulator-control.ts';
import { createStripe } from './billing/provider/stripe.ts';
import { loadConfig } from './config.ts';
import { PlatformClock } from './platform-clock.ts';
import { startBilling } from './start-billing.ts';
import { createTestDatabase, type TestDatabase } from './test/database.ts';
import { quietLog } from './test/server.ts';

let database: TestDatabase;
let stack: AsyncDisposableStack;
let clock: PlatformClock;
beforeEach(async () => {
  database = await createTestDatabase();
  stack = new AsyncDisposableStack();
  clock = new PlatformClock();
});
afterEach(async () => {
  await stack.disposeAsync();
  await database.close();
});

const start = (env: Record<string, string> = {}, on = stack) =>
  startBilling(
    {
      config: loadConfig(env),
      owner: database.connection,
      db: database.owner,
      clock,
      log: quietLog,
    },
    on,
  );

/** As much of a service as is looked at: where it listens. */
async function listening(): Promise<Service> {
  const server = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stack.defer(() => void server.close());
  return { app: { server } } as unknown as Service;
}

async function claim(url: string): Promise<void> {
  const secretKey = 'sk_test_simulated';
  const stripe = createStripe({ secretKey, apiBase: url });
  await claimAccount({ db: database.owner, clock, mode: 'simulator', secretKey, stripe });
}

test('a worker bills nobody; off is off; a key is Stripe, at the place that is said', async () => {
  expect((await start({ MUTATE_ROLE: 'worker' })).settings).toBeNull();
  expect((await start({ BILLING_MODE: 'off' })).settings).toBeNull();
  const env = { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' };
  expect(await start(env)).toMatchObject({
    description: 'Stripe (live mode)',
    settings: {
      mode: 'stripe',
      secretKey: 'sk_live_1',
      apiBase: 'https://api.stripe.com',
      webhookSecrets: ['whsec_1'],
      timeControl: null,
    },
  });
  const elsewhere = await start({ ...env, STRIPE_API_BASE: 'http://127.0.0.1:9/' });
  expect(elsewhere.settings?.apiBase).toBe('http://127.0.0.1:9');
});

test('Stripe is refused on a database whose time was moved with the simulator', async () => {
  await clock.moveTo(database.owner, new Date(Date.now() + 3 * 86_400_000));
  await expect(start({ STRIPE_SECRET_KEY: 'sk_test_1' })).rejects.toThrow(
    'Business time in this database was moved 3.0 days ahead with the simulator',
  );
});

describe('without a key', () => {
  test('the simulator runs in this process, and a second process joins it', async () => {
    const first = await start();
    const url = first.settings?.apiBase ?? '';
    await claim(url);
    await first.connect(await listening());
    expect(first.description).toBe(`simulated, no money moves (${url})`);
    const second = await start();
    expect(second.settings).toMatchObject({ mode: 'simulator', apiBase: url });
    await second.connect(await listening());
    expect(await second.settings?.timeControl?.simulator.state()).toMatchObject({ mode: 'live' });
  });

  test('a simulator of which nobody knows where it listens is told, with the mend', async () => {
    await start();
    await expect(start()).rejects.toThrow('name it in STRIPE_API_BASE, or stop it');
  });

  test('it comes back on its port with its state, or on another where that is taken', async () => {
    const before = new AsyncDisposableStack();
    const first = await start({}, before);
    const url = first.settings?.apiBase ?? '';
    await claim(url);
    await first.connect(await listening());
    const account = async (apiBase: string) =>
      (await createStripe({ secretKey: 'sk_test_x', apiBase }).accounts.retrieveCurrent()).id;
    const id = await account(url);
    await before.disposeAsync();
    const between = new AsyncDisposableStack();
    const again = await start({}, between);
    expect(again.settings?.apiBase).toBe(url);
    expect(await account(url)).toBe(id);
    await between.disposeAsync();
    const squatter = createServer();
    await new Promise<void>((resolve) => {
      squatter.listen(Number(new URL(url).port), '127.0.0.1', resolve);
    });
    const third = await start();
    expect(third.settings?.apiBase).not.toBe(url);
    expect(await account(third.settings?.apiBase ?? '')).toBe(id);
    squatter.close();
  });

  test('killed while time was moved, the two clocks agree again and go on', async () => {
    const first = await start();
    const url = first.settings?.apiBase ?? '';
    await claim(url);
    const simulator = controlSimulator(url, 'sk_test_x');
    await simulator.hold();
    await clock.moveTo(database.owner, new Date(Date.now() + 40 * 86_400_000));
    await first.connect(await listening());
    const state = await simulator.state();
    expect(state.mode).toBe('live');
    expect(Math.abs(state.now - clock.now().getTime() / 1000)).toBeLessThan(3);
    await simulator.advanceTo(state.now + 86_400);
    await first.connect(await listening());
    const later = await simulator.state();
    expect(Math.abs(later.now - clock.now().getTime() / 1000)).toBeLessThan(3);
  });

  test('webhooks go to where this process listens', async () => {
    const provider = await start();
    const url = provider.settings?.apiBase ?? '';
    await claim(url);
    const service = await listening();
    await provider.connect(service);
    const stripe = createStripe({ secretKey: 'sk_test_x', apiBase: url });
    const { data } = await stripe.webhookEndpoints.list();
    const { port } = service.app.server.address() as AddressInfo;
    expect(data.map((endpoint) => endpoint.url)).toEqual([
      `http://127.0.0.1:${port}/v1/webhooks/stripe`,
    ]);
  });
});
