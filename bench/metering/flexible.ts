import { createClient } from '@redis/client';
import pg from 'pg';
import { RateLimiterPostgres, RateLimiterRedis } from 'rate-limiter-flexible';
import { connectionConfig } from '../../packages/server/src/db/pool.ts';
import type { Contender } from './contender.ts';

const monthSeconds = 30 * 86_400;
/** So high that it is checked and never met. */
const points = 1_000_000_000;

/**
 * rate-limiter-flexible as a quota: one counter an organization, one statement a call, on disk. It
 * holds one number against one limit: no slot, no job, no event, no release; a conversion that fails
 * stays counted, and a call that is sent again counts again.
 */
export async function openFlexiblePostgres(connection: pg.ClientConfig): Promise<Contender> {
  const pool = new pg.Pool({ ...connectionConfig({ connection }), max: 20 });
  // Several processes open it at once.
  await pool.query(`DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(1);
    CREATE TABLE IF NOT EXISTS flexible (key varchar(255) PRIMARY KEY,
      points integer NOT NULL DEFAULT 0, expire bigint) WITH (fillfactor = 50);
  END $$`);
  const limiter = new RateLimiterPostgres({
    storeClient: pool,
    tableName: 'flexible',
    tableCreated: true,
    points,
    duration: monthSeconds,
    clearExpiredByTimeout: false,
  });
  return {
    admit: async ({ organizationId }) => void (await limiter.consume(organizationId)),
    complete: () => Promise.resolve(),
    close: () => pool.end(),
  };
}

/** The same in Redis, in memory. */
export async function openFlexibleRedis(url: string): Promise<Contender> {
  const client = createClient({ url });
  // A call that meets the failure is told of it.
  client.on('error', () => undefined);
  await client.connect();
  const limiter = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    points,
    duration: monthSeconds,
  });
  return {
    admit: async ({ organizationId }) => void (await limiter.consume(organizationId)),
    complete: () => Promise.resolve(),
    close: async () => {
      await client.close();
    },
  };
}
