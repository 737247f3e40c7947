import type { Database } from '../../db/pool.ts';
import { isTransient } from '../../db/transient.ts';
import { countRequests, deleteWindowsOver } from './sql.ts';
import type { WindowRow } from './sql.ts';
import type { WindowCall, WindowCount, WindowStore } from './window.ts';

/** Counts in an unlogged table: one statement a batch, and no flush to disk for any of them. */
export class PostgresWindowStore implements WindowStore {
  readonly name = 'PostgreSQL';
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async count(calls: readonly WindowCall[]): Promise<WindowCount[]> {
    const rows = await this.#countTwice(calls);
    const byKey = new Map(rows.map((row) => [row.key, row]));
    return calls.map(({ key }) => {
      const row = byKey.get(key);
      if (row === undefined) throw new Error('rate_windows answered fewer rows than calls');
      return { usedBefore: row.used_before, msLeft: row.ms_left };
    });
  }

  /** Forgets windows that are over; otherwise a row stays for each address that ever came. */
  async purge(): Promise<void> {
    await this.#db.query(deleteWindowsOver());
  }

  /** A pooled connection may have died since its last use: the second attempt has a new one. */
  async #countTwice(calls: readonly WindowCall[]): Promise<WindowRow[]> {
    const statement = countRequests(calls);
    try {
      return await this.#db.query<WindowRow>(statement);
    } catch (error) {
      if (!isTransient(error)) throw error;
      return await this.#db.query<WindowRow>(statement);
    }
  }
}
