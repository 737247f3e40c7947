import type pg from 'pg';
import { systemClock } from '../../packages/server/src/clock.ts';
import { Pool } from '../../packages/server/src/db/pool.ts';
import { createMetering } from '../../packages/server/src/metering/metering.ts';
import type { Contender } from './contender.ts';

/** Ours, as the server has it: admissions on the relaxed pool, completions on the durable one. */
export function openBatched(connection: pg.ClientConfig): Contender {
  const relaxed = new Pool({ connection, connectionsMax: 4, durable: false });
  const durable = new Pool({ connection, connectionsMax: 12 });
  const metering = createMetering({
    clock: systemClock,
    relaxed,
    durable,
    queuedMax: 1_000,
    attemptsMax: 3,
  });
  return {
    admit: async (call) => {
      const { verdict } = await metering.admit(call);
      if (verdict !== 'allowed') throw new Error(`refused: ${verdict}`);
    },
    complete: async (call) => {
      const { result } = await metering.complete(call);
      if (result !== 'counted') throw new Error(`not counted: ${result}`);
    },
    close: async () => {
      await metering.settled();
      await Promise.all([relaxed.close(), durable.close()]);
    },
  };
}
