import type { ConversionDeps } from '../conversions/deps.ts';
import { newId } from '../ids.ts';
import {
  eraseAddressAudit,
  eraseAddressesOf,
  listAccountsToErase,
  listAddressedAudit,
} from './sql.ts';

const accountPage = 100;
const auditPage = 200;

type Deps = Pick<ConversionDeps, 'db' | 'clock' | 'log'>;

/**
 * Finishes the deletion of accounts: takes every address that they had out of the audit logs, whose
 * hashes stay whole (each erasure is an entry), out of the history of billing, and out of mails. Every
 * step can be done again, so a process that dies on the way is followed by another one. One that fails
 * is told in the log and holds up no other.
 */
export async function eraseAddresses(deps: Deps): Promise<void> {
  for (let after = ''; ;) {
    const statement = listAccountsToErase(after, accountPage);
    const page = await deps.db.query<{ user_id: string }>(statement);
    for (const { user_id: userId } of page) await tryToErase(deps, userId);
    if (page.length < accountPage) return;
    after = page.at(-1)?.user_id ?? after;
  }
}

async function tryToErase(deps: Deps, userId: string): Promise<void> {
  try {
    await eraseFromAudit(deps, userId);
    await deps.db.query(eraseAddressesOf(userId));
  } catch (error) {
    deps.log.warn({ err: error, userId }, 'the addresses of an account were not erased');
  }
}

async function eraseFromAudit({ db, clock }: Deps, userId: string): Promise<void> {
  for (;;) {
    const statement = listAddressedAudit(userId, auditPage);
    const page = await db.query<{ chain_id: string; id: string }>(statement);
    for (const { chain_id: chainId, id: targetId } of page) {
      const asOf = clock.now();
      const id = newId('aud', asOf.getTime());
      await db.query(eraseAddressAudit({ userId, chainId, targetId, id }, asOf));
    }
    if (page.length < auditPage) return;
  }
}
