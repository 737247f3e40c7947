import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { listChainHeads } from './sql.ts';

const headsPerLine = 500;

/**
 * Writes the heads of all chains into the log, which lives elsewhere than the database: whoever
 * rewrote a whole chain would have to rewrite the logs as well.
 *
 * @returns how many heads were written
 */
export async function logChainHeads(db: Database, log: Log): Promise<number> {
  let written = 0;
  let after = '';
  for (;;) {
    const heads = await db.query<{ chain_id: string; sequence: number; hash: string }>(
      listChainHeads(after, headsPerLine),
    );
    const last = heads.at(-1);
    if (last === undefined) return written;
    log.info({ audit_heads: heads }, 'heads of the audit chains');
    written += heads.length;
    after = last.chain_id;
  }
}
