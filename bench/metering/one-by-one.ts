import type pg from 'pg';
import { systemClock } from '../../packages/server/src/clock.ts';
import { Pool } from '../../packages/server/src/db/pool.ts';
import type { Completion, Decision } from '../../packages/server/src/metering/schema.ts';
import { admitBatch, completeBatch } from '../../packages/server/src/metering/sql.ts';
import type { Contender } from './contender.ts';
import { patienceMs } from './naive.ts';

/** Our SQL functions, each call a statement of its own: what is left without the batcher. */
export function openOneByOne(connection: pg.ClientConfig): Contender {
  const pool = {
    connection,
    connectionsMax: 10,
    connectTimeoutMs: patienceMs,
    queryTimeoutMs: patienceMs,
  };
  const relaxed = new Pool({ ...pool, durable: false });
  const durable = new Pool(pool);
  return {
    admit: async (call) => {
      const settings = { queuedMax: 1_000, attemptsMax: 3, asOf: systemClock.now() };
      const [decision] = await relaxed.query<Decision>(admitBatch([call], settings));
      if (decision?.verdict !== 'allowed') throw new Error(`refused: ${decision?.verdict}`);
    },
    complete: async (call) => {
      const statement = completeBatch([call], systemClock.now());
      const [completion] = await durable.query<Completion>(statement);
      if (completion?.result !== 'counted') throw new Error(`not counted: ${completion?.result}`);
    },
    close: async () => {
      await Promise.all([relaxed.close(), durable.close()]);
    },
  };
}
