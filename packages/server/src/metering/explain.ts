import { z } from 'zod';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { firstIdAt, timeOfId } from '../ids.ts';
import { type Overrides, overridesSchema } from '../subscriptions/schema.ts';
import { explainCharge, explainRefusal } from './explanation.ts';
import { findCharge, findRefusal, type IdRange } from './explain-sql.ts';
import { oldestExplained, type RefusalRecorder } from './refusals.ts';
import type { RefusedDecision } from './refusal.ts';

const count = z.int().nullable();

/** Numbers are those at the instant of the decision; null: not known, or (a limit) none. */
export const usageDecisionSchema = z
  .object({
    object: z.literal('usage_decision'),
    request_id: z.string(),
    workspace_id: z.string(),
    outcome: z.enum(['refused', 'charged']),
    verdict: z.string().describe('The code of the refusal, or `allowed_overage`.'),
    detail: z.string().describe('The same in a sentence.'),
    decided_at: z.string(),
    job_id: z.string().nullable(),
    plan: z.object({ id: z.string(), name: z.string(), version: z.int() }),
    override: overridesSchema.nullable().describe('What was in force, who set it and until when.'),
    rule: z.object({
      name: z.enum([
        'monthly_limit',
        'key_monthly_limit',
        'concurrent_limit',
        'queue_limit',
        'max_file_size',
        'spend_cap',
        'payment',
        'suspension',
      ]),
      source: z.enum(['plan', 'override', 'api_key', 'workspace', 'operator']),
    }),
    numbers: z.object({
      limit: count,
      used: count,
      reserved: count,
      concurrent_limit: count,
      active: count,
      queued: count,
      file_bytes_max: count,
      key_limit: count,
      key_used: count,
      spend_cap_minor: count,
    }),
    price: z
      .object({
        unit_amount: z.string(),
        currency: z.string(),
        source: z.enum(['plan', 'override']),
      })
      .nullable(),
    period: z.object({ start: z.string(), end: z.string() }),
    next_free: z
      .object({ kind: z.enum(['unit', 'slot']), at: z.string() })
      .nullable()
      .describe('When the next unit, or (expected) the next slot, is free by itself.'),
  })
  .meta({ id: 'UsageDecision' });

export type UsageDecision = z.infer<typeof usageDecisionSchema>;

export interface RefusalRecord {
  readonly created_at: string;
  readonly decision: RefusedDecision;
  readonly slot_seconds: number | null;
  /** The plan version's. */
  readonly max_file_size_mb: number | null;
  readonly override: Overrides | null;
}

export interface ChargeRecord {
  readonly job_id: string;
  readonly completed_at: string;
  readonly type: string;
  readonly plan_id: string;
  readonly plan_version: number;
  readonly plan_name: string;
  readonly plan_limit: number | null;
  readonly unit_amount: string | null;
  readonly currency: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly override: Overrides | null;
  /** Conversions of the period that were counted before this one. */
  readonly used: number;
}

/** From a request's arrival to the making of its job's id: reading a key, and one look. */
const jobIdWithinMs = 30_000;

/**
 * Which rule refused a request, or made its conversion overage, with the numbers of that instant.
 * Refusals are kept for a week, at most a hundred an organization a minute; charges for ever.
 *
 * @throws AppError `not_found`, also for a request that was neither
 */
export async function findUsageDecision(
  ctx: Context,
  refusals: RefusalRecorder,
  requestId: string,
): Promise<UsageDecision> {
  const madeMs = timeOfId('req', requestId);
  if (madeMs === null) throw notFound('decision');
  const { id: organizationId } = ctx.organization;
  const place = { request_id: requestId, workspace_id: organizationId };
  // Whoever was just refused here may ask at once.
  await refusals.flush();
  const since = oldestExplained(ctx.clock.now());
  const [refused] = await ctx.db.query<RefusalRecord>(
    findRefusal(organizationId, requestId, since),
  );
  if (refused !== undefined) return { ...place, ...explainRefusal(refused) };
  const [charged] = await ctx.db.query<ChargeRecord>(
    findCharge(organizationId, requestId, jobIdsSince(ctx, madeMs)),
  );
  if (charged === undefined) throw notFound('decision');
  return { ...place, ...explainCharge(charged) };
}

/** Request ids are made in wall time, ids of jobs in business time, which may be ahead of it. */
function jobIdsSince(ctx: Context, madeMs: number): IdRange[] {
  const aheadMs = ctx.clock.now().getTime() - Date.now();
  const firstMs = madeMs + Math.min(0, aheadMs) - 1_000;
  const endMs = madeMs + Math.max(0, aheadMs) + jobIdWithinMs;
  return (['job', 'res'] as const).map((prefix) => ({
    first: firstIdAt(prefix, firstMs),
    end: firstIdAt(prefix, endMs),
  }));
}
