import type { ConversionDeps } from '../conversions/deps.ts';
import { newId } from '../ids.ts';
import {
  eraseAddress,
  eraseAddressAudit,
  listAddressedAudit,
  listAddressesToErase,
} from './sql.ts';

interface Address {
  readonly user_id: string;
  readonly email: string;
}

const addressPage = 100;
const auditPage = 200;

/**
 * Finishes the deletion of accounts: takes every address that they had out of the audit logs, whose
 * hashes stay whole (each erasure is an entry), out of the history of billing, and out of mails. Every
 * step can be done again, so a process that dies on the way is followed by another one.
 */
export async function eraseAddresses(
  deps: Pick<ConversionDeps, 'db' | 'clock' | 'log'>,
): Promise<void> {
  const addresses = await deps.db.query<Address>(listAddressesToErase(addressPage));
  for (const address of addresses) {
    try {
      await eraseFromAudit(deps, address);
      await deps.db.query(eraseAddress(address.user_id, address.email));
    } catch (error) {
      deps.log.warn({ err: error, userId: address.user_id }, 'an address was not erased');
    }
  }
}

async function eraseFromAudit(
  { db, clock }: Pick<ConversionDeps, 'db' | 'clock'>,
  { user_id: userId, email }: Address,
): Promise<void> {
  for (;;) {
    const statement = listAddressedAudit(userId, email, auditPage);
    const page = await db.query<{ chain_id: string; id: string }>(statement);
    for (const { chain_id: chainId, id: targetId } of page) {
      const asOf = clock.now();
      const id = newId('aud', asOf.getTime());
      await db.query(eraseAddressAudit({ userId, email, chainId, targetId, id }, asOf));
    }
    if (page.length < auditPage) return;
  }
}
