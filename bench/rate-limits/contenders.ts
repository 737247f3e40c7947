import pg from 'pg';
import { RateLimiterPostgres, type RateLimiterRes } from 'rate-limiter-flexible';
import { connectionConfig, Pool } from '../../packages/server/src/db/pool.ts';
import { sql } from '../../packages/server/src/db/sql.ts';
import { openRateLimiter } from '../../packages/server/src/http/rate-limit/open.ts';
import { log } from './log.ts';

/** A way of counting requests that several processes share. */
export interface Contender {
  /** Whether the request may pass. */
  consume(key: string, perMinute: number): Promise<boolean>;
  close(): Promise<void>;
}

type Open = (connection: pg.ClientConfig) => Contender | Promise<Contender>;

/** Each on connections that do not wait for the disk, and on an unlogged table. */
export const contenders: Readonly<Record<string, Open>> = {
  'joined batches (ours)': openOurs,
  'rate-limiter-flexible': openFlexible,
  'settled 5 times a second': openSettled,
};

/** The tables of the others, made once. */
export async function makeTables(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(`
    CREATE UNLOGGED TABLE flexible (
      key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint
    ) WITH (fillfactor = 50);
    CREATE UNLOGGED TABLE settled (key text PRIMARY KEY, used bigint) WITH (fillfactor = 50)`);
  await client.end();
}

async function openOurs(connection: pg.ClientConfig): Promise<Contender> {
  const db = new Pool({ connection, connectionsMax: 4, durable: false });
  const limiter = await openRateLimiter({ db, redisUrl: process.env.REDIS_URL, log });
  return {
    consume: async (key, perMinute) => (await limiter.consume(key, perMinute)).allowed,
    close: async () => {
      await limiter.close();
      await db.close();
    },
  };
}

function openFlexible(connection: pg.ClientConfig): Contender {
  const pool = new pg.Pool({ ...connectionConfig({ connection, durable: false }), max: 10 });
  const limiter = new RateLimiterPostgres({
    storeClient: pool,
    tableName: 'flexible',
    tableCreated: true,
    points: Number.MAX_SAFE_INTEGER,
    duration: 60,
    clearExpiredByTimeout: false,
  });
  return {
    consume: async (key, perMinute) => {
      const result: RateLimiterRes = await limiter.consume(key);
      return result.consumedPoints <= perMinute;
    },
    close: () => pool.end(),
  };
}

/** Decides from what was last heard plus what came since, and never waits. No windows: a sketch. */
function openSettled(connection: pg.ClientConfig): Contender {
  const db = new Pool({ connection, connectionsMax: 1, durable: false });
  const counts = new Map<string, { heard: number; since: number }>();
  const settle = async (): Promise<void> => {
    const changed = [...counts].filter(([, count]) => count.since > 0);
    const sent = changed.map(([, count]) => count.since);
    const rows = await db.query<{ key: string; used: number }>(sql`
      INSERT INTO settled AS s SELECT * FROM unnest(${changed.map(([key]) => key)}::text[],
        ${sent}::bigint[]) AS c (key, used) ORDER BY key
      ON CONFLICT (key) DO UPDATE SET used = s.used + excluded.used RETURNING key, used`);
    changed.forEach(([, count], index) => (count.since -= sent[index] ?? 0));
    for (const { key, used } of rows) {
      const count = counts.get(key);
      if (count !== undefined) count.heard = used;
    }
  };
  let settling = Promise.resolve();
  const timer = setInterval(() => {
    settling = settling.then(settle);
  }, 200);
  return {
    consume: (key, perMinute) => {
      const count = counts.get(key) ?? { heard: 0, since: 0 };
      counts.set(key, count);
      const passes = count.heard + count.since < perMinute;
      if (passes) count.since += 1;
      return Promise.resolve(passes);
    },
    close: async () => {
      clearInterval(timer);
      await settling.then(settle);
      await db.close();
    },
  };
}
