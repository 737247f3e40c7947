import { type Chore, startChore } from '../chore.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import { OperatorError } from '../db/operator-error.ts';
import type { Database } from '../db/pool.ts';
import { claimAccount } from './provider/account.ts';
import { attachOverage } from './overage/attach-overage.ts';
import { syncCatalogue } from './catalogue/catalogue.ts';
import type { BillingDeps, RenewalDraftHandler, TimeControl } from './deps.ts';
import { reconcile } from './inbox/reconcile.ts';
import { Settler } from './settler.ts';
import { createStripe } from './provider/stripe.ts';

/** How this process bills; from the configuration. */
export interface BillingSettings {
  readonly mode: 'stripe' | 'simulator';
  readonly secretKey: string;
  readonly apiBase: string;
  readonly webhookSecrets: readonly string[];
  readonly graceDays: number;
  readonly timeControl: TimeControl | null;
}

export interface BillingOptions {
  readonly settings: BillingSettings;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  publicUrl(): string;
  /** What business time brings elsewhere, when it has been moved: files that nobody keeps any more. */
  afterAdvance?(): Promise<unknown>;
}

export interface Billing {
  readonly deps: BillingDeps;
  /** Works off all that has come in and fallen due. */
  settle(): Promise<void>;
  /** Does something while nothing is worked off by this process. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Does what else a moved clock brings. */
  afterAdvance(): Promise<void>;
  /** Begins to work by itself, as long as the process runs. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Stripe's own bound is 25 calls a second; a simulator has none. */
const requestsPerSecondMax = 25;
const onRenewalDraft: RenewalDraftHandler = attachOverage;

/** Puts the parts of billing together. Nothing is asked of the provider yet. */
export function openBilling(options: BillingOptions): Billing {
  const { settings, db, clock, log } = options;
  const stripe = createStripe({
    ...settings,
    ...(settings.mode === 'stripe' ? { requestsPerSecondMax } : {}),
  });
  const { mode, secretKey, webhookSecrets, graceDays, timeControl } = settings;
  let isClaimed = false;
  const deps: BillingDeps = {
    db,
    clock,
    log,
    stripe,
    mode,
    webhookSecrets,
    graceDays,
    timeControl,
    onRenewalDraft,
    get publicUrl() {
      return options.publicUrl();
    },
    verifyAccount: async () => {
      if (!isClaimed) await claimAccount({ db, clock, stripe, mode, secretKey });
      isClaimed = true;
    },
    wake: () => settler.wake(),
  };
  const settler = new Settler(deps);
  const chores: Chore[] = [];
  return {
    deps,
    settle: () => settler.settle(),
    alone: (work) => settler.alone(work),
    afterAdvance: async () => void (await options.afterAdvance?.()),
    start: async () => {
      await begin(deps);
      chores.push(
        startChore('billing', 1_000, log, () => settler.settle()),
        startChore('mirror the catalogue', 10_000, log, () => syncCatalogue(deps)),
        startChore('reconcile billing', 300_000, log, () => reconcile(deps)),
      );
      for (const chore of chores) chore.start();
    },
    close: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
      await settler.close();
    },
  };
}

/** A provider that does not answer keeps no conversion from being served; the chores try again. */
async function begin(deps: BillingDeps): Promise<void> {
  if (deps.mode === 'stripe' && deps.webhookSecrets.length === 0) {
    const message = 'webhooks are refused until STRIPE_WEBHOOK_SECRET is set; billing follows late';
    deps.log.warn({}, message);
  }
  try {
    await deps.verifyAccount();
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    deps.log.warn({ err: error }, 'the payment provider does not answer; trying again');
  }
}
