import type { Clock } from '../clock.ts';
import type { Context, Log, PlatformContext } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { SimulatorControl } from './provider/simulator-control.ts';
import type { Stripe, StripeClient } from './provider/stripe.ts';

/** What everything that asks the payment provider is handed. */
export interface BillingDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly stripe: StripeClient;
  /** For banners and the clock's route only: no rule about money depends on it. */
  readonly mode: 'stripe' | 'simulator';
  /** Without a slash at its end; known once the server listens. */
  readonly publicUrl: string;
  readonly webhookSecrets: readonly string[];
  readonly graceDays: number;
  /** Only with the simulator: what moves its time and ours. */
  readonly timeControl: TimeControl | null;
  /** Completes the draft of a renewal before the provider charges it. */
  readonly onRenewalDraft: RenewalDraftHandler;
  /** Makes sure that the ids in our database are of the account behind the key. */
  verifyAccount(): Promise<void>;
  /** Something came into the inbox. */
  wake(): void;
}

export type RenewalDraftHandler = (
  deps: BillingDeps,
  organizationId: string,
  invoice: Stripe.Invoice,
) => Promise<void>;

export interface TimeControl {
  readonly simulator: SimulatorControl;
  /** Moves business time of all processes; never back. */
  moveTo(to: Date): Promise<void>;
}

/** The context of what the provider or the clock brought about in a workspace. */
export function systemContext(deps: BillingDeps, organizationId: string): Context {
  return { ...platformContext(deps), organization: { id: organizationId } };
}

/** The same, of no workspace or of many. */
export function platformContext({ db, clock, log }: BillingDeps): PlatformContext {
  const actor = { kind: 'system', id: 'billing' } as const;
  return { db, clock, log, actor, requestId: newId('req', Date.now()) };
}

/** For routes: there may be nobody to bill with. @throws AppError `conflict` */
export function requireBilling(deps: BillingDeps | null): BillingDeps {
  if (deps !== null) return deps;
  throw new AppError('conflict', 'Billing is off on this server: its operator assigns the plans.');
}
