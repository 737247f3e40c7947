import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Queryable } from '../db/pool.ts';
import { sql } from '../db/sql.ts';

/** The database of better-auth, and of what we do when it acts. */
export interface LoginDatabase extends Database {
  /**
   * Runs `work` so that whatever it brings about, by better-auth or by us, is one transaction: a change
   * of a login and its record are both there, or neither.
   */
  whole<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Does this as the last thing of the transaction, outside of one at once. */
  atEnd(work: () => Promise<void>): Promise<void>;
}

interface Running {
  /** Null once it has ended. */
  tx: Queryable | null;
  readonly last: (() => Promise<void>)[];
}

/** better-auth takes a database and no transaction: which one it is in is kept beside its calls. */
export function createLoginDatabase(db: Database): LoginDatabase {
  const storage = new AsyncLocalStorage<Running>();
  const txNow = () => storage.getStore()?.tx ?? null;
  return {
    query: (statement) => (txNow() ?? db).query(statement),
    transaction(work) {
      const tx = txNow();
      return tx === null ? db.transaction(work) : within(tx, work);
    },
    whole: (work) =>
      db.transaction(async (tx) => {
        const running: Running = { tx, last: [] };
        try {
          return await storage.run(running, async () => {
            const result = await work();
            for (const act of running.last) await act();
            return result;
          });
        } finally {
          running.tx = null;
        }
      }),
    async atEnd(work) {
      if (txNow() === null) await work();
      else storage.getStore()?.last.push(work);
    },
  };
}

async function within<Result>(
  tx: Queryable,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  await tx.query(sql`SAVEPOINT part`);
  try {
    const result = await work(tx);
    await tx.query(sql`RELEASE SAVEPOINT part`);
    return result;
  } catch (error) {
    await tx.query(sql`ROLLBACK TO SAVEPOINT part`);
    throw error;
  }
}
