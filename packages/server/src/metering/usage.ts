import { z } from 'zod';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { findUsageOfOrganization } from './sql.ts';

const nullableInteger = z.int().nonnegative().nullable();
const overrideNumber = z.union([z.int().nonnegative(), z.literal('unlimited')]).nullable();

/** The wire shape of `GET …/usage`. Times are RFC 3339, money is in minor units. */
export const usageSchema = z
  .object({
    object: z.literal('usage'),
    workspace_id: z.string(),
    plan: z.object({ id: z.string(), name: z.string() }),
    /** In business time, which the billing simulator can move. */
    as_of: z.string(),
    period: z.object({ start: z.string(), end: z.string() }),
    conversions: z.object({
      used: z.int(),
      reserved: z.int(),
      limit: nullableInteger,
      remaining: nullableInteger,
      overage: z.int(),
    }),
    concurrent: z.object({ active: z.int(), queued: z.int(), limit: nullableInteger }),
    max_file_size_mb: nullableInteger,
    rate_limit: z.object({ per_minute: z.int() }),
    overage: z.object({
      policy: z.enum(['block', 'warn', 'charge']),
      unit_amount: z
        .string()
        .nullable()
        .describe('What the next conversion past the limit costs, of a type without a price.'),
      unit_amounts_by_type: z
        .record(z.string(), z.string())
        .nullable()
        .describe(
          'Types with a price of their own; null under an override, or where there is none.',
        ),
      tiers: z
        .array(z.object({ up_to: z.int().nullable(), amount: z.string() }))
        .nullable()
        .describe(
          'Graduated prices: up to and with which conversion past the limit, and each price.',
        ),
      currency: z.string(),
      amount_minor: z.int(),
      spend_cap_minor: nullableInteger,
    }),
    breakdown: z.record(z.string(), z.int()),
    alerts: z.array(z.object({ threshold: z.int(), reached_at: z.string() })),
    overrides: z
      .object({
        monthly_limit: overrideNumber,
        concurrent_limit: overrideNumber,
        max_file_size_mb: overrideNumber,
        overage_price: z.string().nullable(),
        rate_limit_per_minute: overrideNumber,
        reason: z.string(),
        expires_at: z.string().nullable(),
      })
      .nullable(),
    forecast: z.null(),
  })
  .meta({ id: 'Usage' });

export type Usage = z.infer<typeof usageSchema>;

type OverrideNumbers =
  | 'monthly_limit'
  | 'concurrent_limit'
  | 'max_file_size_mb'
  | 'rate_limit_per_minute';

interface UsageRow {
  plan_id: string;
  plan_name: string;
  monthly_limit: number | null;
  concurrent_limit: number | null;
  max_file_size_mb: number | null;
  rate_limit_per_minute: number;
  overage_policy: 'block' | 'warn' | 'charge';
  unit_amount: string | null;
  unit_amounts_by_type: Record<string, string> | null;
  overage_tiers: Usage['overage']['tiers'];
  currency: string;
  spend_cap_minor: number | null;
  period_start: string;
  period_end: string;
  used: number;
  reserved: number;
  overage: number;
  active: number;
  queued: number;
  overage_minor: number;
  breakdown: Record<string, number>;
  alerts: Usage['alerts'];
  overrides:
    | (Record<OverrideNumbers, number | null> & {
        overage_price: string | null;
        reason: string;
        expires_at: string | null;
      })
    | null;
}

/** What the organization has used in its current period, against what it may. */
export async function findUsage(ctx: Context): Promise<Usage> {
  const asOf = ctx.clock.now();
  const [row] = await ctx.db.query<UsageRow>(findUsageOfOrganization(ctx.organization.id, asOf));
  if (row === undefined) throw notFound('workspace');
  const { monthly_limit: limit } = row;
  return {
    object: 'usage',
    workspace_id: ctx.organization.id,
    plan: { id: row.plan_id, name: row.plan_name },
    as_of: asOf.toISOString(),
    period: { start: row.period_start, end: row.period_end },
    conversions: {
      used: row.used,
      reserved: row.reserved,
      limit,
      remaining: limit === null ? null : Math.max(0, limit - row.used - row.reserved),
      overage: row.overage,
    },
    concurrent: { active: row.active, queued: row.queued, limit: row.concurrent_limit },
    max_file_size_mb: row.max_file_size_mb,
    rate_limit: { per_minute: row.rate_limit_per_minute },
    overage: {
      policy: row.overage_policy,
      unit_amount: row.unit_amount,
      unit_amounts_by_type: row.unit_amounts_by_type,
      tiers: row.overage_tiers,
      currency: row.currency,
      amount_minor: row.overage_minor,
      spend_cap_minor: row.spend_cap_minor,
    },
    breakdown: row.breakdown,
    alerts: row.alerts,
    overrides: row.overrides === null ? null : presentOverrides(row.overrides),
    forecast: null,
  };
}

function presentOverrides(row: NonNullable<UsageRow['overrides']>): Usage['overrides'] {
  const present = (value: number | null) => (value === -1 ? ('unlimited' as const) : value);
  return {
    monthly_limit: present(row.monthly_limit),
    concurrent_limit: present(row.concurrent_limit),
    max_file_size_mb: present(row.max_file_size_mb),
    overage_price: row.overage_price,
    rate_limit_per_minute: present(row.rate_limit_per_minute),
    reason: row.reason,
    expires_at: row.expires_at,
  };
}
