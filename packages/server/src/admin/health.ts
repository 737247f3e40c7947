import { z } from 'zod';
import type { PlatformContext } from '../context.ts';
import type { Registry } from '../conversions/registry/registry.ts';
import type { Runner } from '../conversions/runner/runner.ts';
import type { Latencies } from '../http/latencies.ts';
import { findQueues, listOutcomes, listTypes } from './health-sql.ts';

const count = z.int().nonnegative();

export const healthSchema = z
  .object({
    object: z.literal('health'),
    as_of: z.string(),
    /** Processes (API servers, workers, or both in one) that are connected to the database. */
    process_count: count,
    conversions: z.object({
      queued: count,
      running: count,
      /** Since when the one that waits longest does. */
      oldest_queued_at: z.string().nullable(),
      /** Slots whose holder stopped renewing them; a few seconds later they are free. */
      expired_leases: count,
    }),
    /** Of the process that answered. */
    converters: z.object({ processes: count, busy: count, waiting: count }),
    /** What is done beside requests, and is not done yet. */
    backlog: z.object({
      announcements: count,
      payment_events: count,
      payment_events_failed: count,
      /** Workspaces that are charged for more than one: `GET /v1/admin/workspaces?extra_subscriptions=true`. */
      extra_subscriptions: count,
      due_work: count,
    }),
    engines: z.array(
      z.object({
        name: z.string(),
        available: z.boolean(),
        /** Why not. */
        reason: z.string().nullable(),
        conversion_types: count,
      }),
    ),
    /** Of the last 24 hours, the most frequent first. */
    outcomes: z.array(
      z.object({
        outcome: z.enum(['refused', 'failed', 'cancelled']),
        reason: z.string(),
        count,
        workspace_count: count,
      }),
    ),
    /** Of the last 24 hours, the slowest first. */
    types: z.array(
      z.object({ type: z.string(), conversions: count, failed: count, average_ms: count }),
    ),
    /** Of the process that answered, in the last hour, the slowest first: until the answer began. */
    endpoints: z.array(
      z.object({
        method: z.string(),
        path: z.string(),
        requests: count,
        /** Answered with 5xx. */
        errors: count,
        p50_ms: z.number(),
        p99_ms: z.number(),
      }),
    ),
    database: z.object({ version: z.string(), size_bytes: count }),
  })
  .meta({ id: 'Health' });

export type Health = z.infer<typeof healthSchema>;

/** What a look at this process itself needs. */
export interface HealthDeps {
  readonly registry: Registry;
  readonly runner: Runner;
  readonly latencies: Latencies;
}

type Queues = Pick<Health, 'process_count' | 'conversions' | 'backlog' | 'database'>;

/** How the platform is: what waits, what is missing, what is refused. */
export async function findHealth(ctx: PlatformContext, deps: HealthDeps): Promise<Health> {
  const asOf = ctx.clock.now();
  const [[queues], outcomes, types] = await Promise.all([
    ctx.db.query<Queues>(findQueues(asOf)),
    ctx.db.query<Health['outcomes'][number]>(listOutcomes(asOf)),
    ctx.db.query<Health['types'][number]>(listTypes(asOf)),
  ]);
  if (queues === undefined) throw new Error('the queues answered no row');
  const { processes, busy, queued } = deps.runner.stats();
  return {
    object: 'health',
    as_of: asOf.toISOString(),
    ...queues,
    converters: { processes, busy, waiting: queued },
    engines: listEngines(deps.registry),
    outcomes,
    types,
    endpoints: deps.latencies.list().slice(0, 50),
  };
}

/** A chain's engines count for themselves; one of which nothing is offered is not available. */
function listEngines(registry: Registry): Health['engines'] {
  const engines = new Map<string, Health['engines'][number]>();
  for (const entry of registry.list()) {
    if (entry.available) {
      for (const name of entry.engine.split('+')) {
        const found = engines.get(name);
        const types = (found?.conversion_types ?? 0) + 1;
        engines.set(name, { name, available: true, reason: null, conversion_types: types });
      }
    } else if (!engines.has(entry.engine)) {
      const { engine: name, reason } = entry;
      engines.set(name, { name, available: false, reason, conversion_types: 0 });
    }
  }
  return [...engines.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}
