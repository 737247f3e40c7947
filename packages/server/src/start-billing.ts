import { randomBytes } from 'node:crypto';
import { JournalInUseError, createPostgresJournal } from '@mutate/stripe-sim/postgres-journal';
import { type Simulator, startSimulator } from '@mutate/stripe-sim';
import type pg from 'pg';
import type { Service } from './app.ts';
import { findSimulatorUrl, publishSimulatorUrl } from './billing/provider/account.ts';
import type { BillingSettings } from './billing/open-billing.ts';
import { controlSimulator } from './billing/provider/simulator-control.ts';
import type { Config } from './config.ts';
import type { Log } from './context.ts';
import { OperatorError } from './db/operator-error.ts';
import type { Database } from './db/pool.ts';
import type { PlatformClock } from './platform-clock.ts';

/** Whom this process bills with, and what is to be done once it listens. */
export interface BillingProvider {
  readonly settings: BillingSettings | null;
  /** For the screen. */
  readonly description: string;
  /** Has the simulator's webhooks sent here, and its clock and ours agree. */
  connect(service: Service): Promise<void>;
}

export interface BillingProviderOptions {
  readonly config: Config;
  /** The owner of the schema: the simulator makes one of its own. */
  readonly owner: pg.ClientConfig;
  readonly db: Database;
  readonly clock: PlatformClock;
  readonly log: Log;
}

const stripeApi = 'https://api.stripe.com';
const simulatedKey = 'sk_test_simulated';
const idle = (): Promise<void> => Promise.resolve();

/**
 * Finds out whom to bill with; starts the simulator where it is to run in this process, and puts it
 * onto the stack. Workers bill nobody, so they need no key.
 */
export async function startBilling(
  options: BillingProviderOptions,
  stack: AsyncDisposableStack,
): Promise<BillingProvider> {
  const { config } = options;
  if (config.billingMode === 'off' || config.role === 'worker') {
    return { settings: null, description: 'off: the operator assigns the plans', connect: idle };
  }
  if (config.billingMode === 'stripe') {
    requireWallClock(options.clock);
    const secretKey = config.stripeSecretKey ?? '';
    const apiBase = config.stripeApiBase ?? stripeApi;
    const settings = {
      mode: 'stripe',
      secretKey,
      apiBase,
      webhookSecrets: config.stripeWebhookSecrets,
      graceDays: config.pastDueGraceDays,
      timeControl: null,
    } as const;
    return { settings, description: `Stripe (${keyMode(secretKey)})`, connect: idle };
  }
  if (config.stripeApiBase !== undefined) return join(options, config.stripeApiBase);
  return startOwn(options, stack);
}

/** With real money it is the time that it is. */
function requireWallClock(clock: PlatformClock): void {
  const days = (clock.now().getTime() - Date.now()) / 86_400_000;
  if (days < 0.01) return;
  throw new OperatorError(
    `Business time in this database was moved ${days.toFixed(1)} days ahead with the simulator, and ` +
      'Stripe goes by the real one. Use another database (DATABASE_URL or MUTATE_DATA_DIR).',
  );
}

function keyMode(secretKey: string): string {
  return secretKey.includes('_live_') ? 'live mode' : 'test mode';
}

async function startOwn(
  options: BillingProviderOptions,
  stack: AsyncDisposableStack,
): Promise<BillingProvider> {
  const lastUrl = await findSimulatorUrl(options.db);
  const simulator = await startOn(options, lastUrl === null ? 0 : Number(new URL(lastUrl).port));
  if (simulator === null) {
    if (lastUrl !== null) return join(options, lastUrl);
    throw new OperatorError(
      'A Stripe simulator works on this database already, and where it listens is not known: ' +
        'name it in STRIPE_API_BASE, or stop it.',
    );
  }
  stack.defer(() => simulator.stop());
  const secret = `whsec_${randomBytes(24).toString('hex')}`;
  return {
    ...join(options, simulator.url, [secret]),
    connect: async (service) => {
      const { port } = service.app.server.address() as { port: number };
      const host = simulator.host === '::1' ? '[::1]' : '127.0.0.1';
      await simulator.sendWebhooksTo(`http://${host}:${port}/v1/webhooks/stripe`, secret);
      await publishSimulatorUrl(options.db, simulator.url);
      await alignClocks(options.clock, options.db, simulator.url);
    },
  };
}

/** Its last port, so that links to its pages stay good, or any. Null: it runs in another process. */
async function startOn(options: BillingProviderOptions, port: number): Promise<Simulator | null> {
  try {
    return await startSimulator({
      journal: createPostgresJournal(options.owner),
      port,
      log: (line) => options.log.warn({ line }, 'the Stripe simulator says'),
    });
  } catch (error) {
    if (error instanceof JournalInUseError) return null;
    const { code } = error as { code?: unknown };
    if (code === 'EADDRINUSE' && port !== 0) return startOn(options, 0);
    if (code !== '42501') throw error;
    throw new OperatorError(
      'The Stripe simulator needs a schema of its own, which the database user may not make. Run ' +
        `GRANT CREATE ON DATABASE "${options.owner.database}" TO "${options.owner.user}" as the ` +
        "database's owner, or set BILLING_MODE=off.",
    );
  }
}

/** A simulator that runs elsewhere: by itself, or in another process on this database. */
function join(
  { config, db, clock }: BillingProviderOptions,
  url: string,
  webhookSecrets: readonly string[] = config.stripeWebhookSecrets,
): BillingProvider {
  const secretKey = config.stripeSecretKey ?? simulatedKey;
  const simulator = controlSimulator(url, secretKey);
  return {
    settings: {
      mode: 'simulator',
      secretKey,
      apiBase: url,
      webhookSecrets,
      graceDays: config.pastDueGraceDays,
      timeControl: { simulator, moveTo: (to) => clock.moveTo(db, to) },
    },
    description: `simulated, no money moves (${url})`,
    connect: idle,
  };
}

/** After a kill in the middle of an advance one of the two may be ahead: the other follows. */
async function alignClocks(clock: PlatformClock, db: Database, url: string): Promise<void> {
  const simulator = controlSimulator(url, simulatedKey);
  await simulator.release();
  const { now } = await simulator.state();
  const ours = (): number => Math.floor(clock.now().getTime() / 1000);
  if (now > ours() + 1) await clock.moveTo(db, new Date(now * 1000));
  // What it has to catch up with takes its time, which it has to catch up with, too.
  for (let played = now; ours() > played + 1; played = (await simulator.state()).now) {
    await simulator.advanceTo(ours());
  }
}
