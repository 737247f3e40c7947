import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Database, Queryable } from '../../db/pool.ts';
import { OperatorError } from '../../db/operator-error.ts';
import {
  type Account,
  deleteAccount,
  findAccount,
  hasCustomers,
  insertAccount,
  updateSimulatorUrl,
} from './account-sql.ts';
import { isKeyRefused, isRightMissing, type StripeClient } from './stripe.ts';

interface AccountDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly stripe: StripeClient;
  readonly mode: 'stripe' | 'simulator';
  readonly secretKey: string;
}

type AccountRow = Account & { installation: string; simulator_url: string | null };

/**
 * Makes sure that the ids in the database are of the account behind the key: the first one that is
 * seen becomes the database's. Another one takes its place only as long as no customer was made.
 *
 * @throws OperatorError for another account's key, and for one that is refused
 */
export async function claimAccount(deps: AccountDeps): Promise<void> {
  const { id } = await deps.stripe.accounts.retrieveCurrent().catch((error: unknown) => {
    if (isKeyRefused(error)) {
      throw new OperatorError('STRIPE_SECRET_KEY is refused by Stripe: set one of its valid keys.');
    }
    if (!isRightMissing(error)) throw error;
    throw new OperatorError('STRIPE_SECRET_KEY may not read its account: give it that right.');
  });
  const isLive = /^[sr]k_live_/.test(deps.secretKey);
  const account = { mode: deps.mode, account_id: id, livemode: isLive };
  await deps.db.transaction(async (tx) => {
    const kept = await findRow(tx);
    if (kept !== null && isSame(kept, account)) return;
    if (kept !== null) {
      const [customer] = await tx.query(hasCustomers());
      if (customer !== undefined) throw otherAccount(kept, account);
      await tx.query(deleteAccount());
    }
    const installation = randomBytes(4).toString('hex');
    await tx.query(insertAccount(account, installation, deps.clock.now()));
  });
}

async function findRow(db: Queryable): Promise<AccountRow | null> {
  const [row] = await db.query<AccountRow>(findAccount());
  return row ?? null;
}

function isSame(left: Account, right: Account): boolean {
  return (
    left.mode === right.mode &&
    left.account_id === right.account_id &&
    left.livemode === right.livemode
  );
}

function otherAccount(kept: Account, given: Account): OperatorError {
  return new OperatorError(
    `This database has customers at ${nameOf(kept)}, and this server would bill at ` +
      `${nameOf(given)}. Their ids would be mixed. Start it with the former (BILLING_MODE, ` +
      'STRIPE_SECRET_KEY), or with another database (DATABASE_URL or MUTATE_DATA_DIR).',
  );
}

function nameOf({ mode, account_id, livemode }: Account): string {
  if (mode === 'simulator') return `the simulator's account ${account_id}`;
  return `the Stripe account ${account_id} (${livemode ? 'live' : 'test'} mode)`;
}

/** What the names of our objects at the account begin with. The account must be claimed. */
export async function findInstallation(db: Queryable): Promise<string> {
  const row = await findRow(db);
  if (row === null) throw new Error('no account is claimed yet');
  return row.installation;
}

/** Where the simulator of this database was last; null: it never ran. */
export async function findSimulatorUrl(db: Queryable): Promise<string | null> {
  return (await findRow(db))?.simulator_url ?? null;
}

/** Other processes join the simulator there. The account must be claimed. */
export async function publishSimulatorUrl(db: Queryable, url: string): Promise<void> {
  await db.query(updateSimulatorUrl(url));
}
