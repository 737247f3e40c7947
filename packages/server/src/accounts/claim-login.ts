import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { hashPassword } from './password.ts';
import { proveUser, upsertPassword } from './sql.ts';

/**
 * Gives the login of an address to who has just proved that it is theirs: somebody who signed up with
 * it and did not prove it is shut out. Nothing happens where the address is proven, or new.
 */
export async function claimLogin(
  { db, clock }: { db: Database; clock: Clock },
  proven: { email: string; name: string; password: string },
): Promise<void> {
  const asOf = clock.now();
  const password = await hashPassword(proven.password);
  await db.transaction(async (tx) => {
    const statement = proveUser(proven.email.toLowerCase(), proven.name, asOf);
    const [user] = await tx.query<{ id: string }>(statement);
    if (user === undefined) return;
    await tx.query(upsertPassword(newId('acc', Date.now()), user.id, password, asOf));
  });
}
