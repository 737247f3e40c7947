import { z } from 'zod';

const limit = z.int().nonnegative().nullable();

/** A version of a plan. A limit of null is none. */
export const planSchema = z
  .object({
    id: z.string(),
    object: z.literal('plan'),
    name: z.string(),
    version: z.int().positive(),
    monthly_conversion_limit: limit,
    concurrent_conversion_limit: limit,
    max_file_size_mb: limit,
    rate_limit_per_minute: z.int().positive(),
    /** What a workspace may choose for conversions past the limit. */
    overage_policies: z.array(z.enum(['block', 'warn', 'charge'])),
    prices: z.array(
      z.object({
        currency: z.string(),
        interval: z.enum(['month', 'year']),
        amount_minor: z.int().nonnegative(),
        /** Exact price of one conversion past the limit, in major units; null: none is sold. */
        overage_amount: z.string().nullable(),
        /** Types with a price of their own. */
        overage_amounts_by_type: z.record(z.string(), z.string()).nullable(),
        /**
         * Graduated prices: of the conversions past the limit of a usage period, the first ones up
         * to and with `up_to` cost `amount` each; then `overage_amount` is the first tier's.
         */
        overage_tiers: z
          .array(z.object({ up_to: z.int().positive().nullable(), amount: z.string() }))
          .nullable(),
      }),
    ),
    features: z.record(z.string(), z.unknown()),
    active: z.boolean(),
    /** Whether a workspace may choose it by itself; the operator assigns the others. */
    self_service: z.boolean(),
  })
  .meta({ id: 'Plan' });

export type Plan = z.infer<typeof planSchema>;
