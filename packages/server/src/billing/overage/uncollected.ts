import { type Chore, startChore } from '../../chore.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../context.ts';
import type { Database } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import { sealOverage } from './seal-bills.ts';
import { deleteOverageWork, listDueOverage } from './sql.ts';

interface Parts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

const everyMs = 60_000;

/**
 * Where nobody is billed, bills are closed and shown all the same. They are never collected later:
 * whoever turns billing on starts with what is used from then on.
 */
export function startUncollectedBills(parts: Parts): Chore {
  return startChore('close bills that nobody pays', everyMs, parts.log, () =>
    closeUncollectedBills(parts),
  );
}

/** One turn of it: everything that is due. */
export async function closeUncollectedBills({ db, clock, log }: Parts): Promise<void> {
  const due = await db.query<{ organization_id: string; reference: string }>(
    listDueOverage(clock.now()),
  );
  for (const { organization_id: id, reference } of due) {
    const actor = { kind: 'system', id: 'billing' } as const;
    const requestId = newId('req', Date.now());
    const ctx = { db, clock, log, actor, requestId, organization: { id } };
    await sealOverage(ctx, { collected: false });
    await db.query(deleteOverageWork(id, reference));
  }
}
