import { createHmac } from 'node:crypto';
import type { Queryable } from '../db/pool.ts';
import { AppError } from '../errors.ts';
import { addressBlock } from '../http/address.ts';
import { countAttempts, forgiveAttempts } from './sql.ts';

/** What a try was: each kind is counted by itself. */
export type AttemptKind = 'password' | 'mail';

/** Wrong tries in a row that cost no wait, of one account and of one address. */
const free = { password: { account: 5, address: 40 }, mail: { account: 3, address: 20 } } as const;

export interface Attempt {
  /** It was right: what was counted of the account is forgotten, of the address this try. */
  forgive(): Promise<void>;
}

/**
 * Slows down who tries passwords, on one account from many addresses or on many accounts from one, and
 * who has mail sent. The count is shared by all processes, and it is the same whether there is such
 * an account or not.
 *
 * @param account the mail address that was named, or a user's id; null: the address alone counts
 * @throws AppError `rate_limited`
 */
export async function beginAttempt(
  db: Queryable,
  secret: string,
  kind: AttemptKind,
  { account, address }: { account: string | null; address: string },
): Promise<Attempt> {
  const subjectOf = (what: string, value: string) =>
    createHmac('sha256', secret).update(`${kind} ${what} ${value}`).digest();
  const byAddress = subjectOf('address', addressBlock(address));
  const byAccount = account === null ? [] : [subjectOf('account', account.trim().toLowerCase())];
  const [row] = await db.query<{ wait_seconds: number }>(
    countAttempts(
      [...byAccount, byAddress],
      [...byAccount.map(() => free[kind].account), free[kind].address],
    ),
  );
  const waitSeconds = row?.wait_seconds ?? 0;
  if (waitSeconds > 0) {
    const message = `Too many tries. Wait ${waitSeconds} seconds before the next one.`;
    throw new AppError('rate_limited', message, { retryAfterSeconds: waitSeconds });
  }
  return {
    forgive: async () => {
      await db.query(forgiveAttempts(byAccount, [byAddress]));
    },
  };
}
