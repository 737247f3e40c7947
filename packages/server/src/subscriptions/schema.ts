import { z } from 'zod';
import { currencyField, decimalField, integerMax, timeField } from '../http/fields.ts';
import { displayText } from '../organizations/schema.ts';
import { planSchema } from '../plans/schema.ts';

const interval = z.enum(['month', 'year']);

/** What a workspace is subscribed to. Times are RFC 3339. */
export const subscriptionSchema = z
  .object({
    id: z.string(),
    object: z.literal('subscription'),
    workspace_id: z.string(),
    /** In the version that was bought. */
    plan: planSchema,
    status: z.enum([
      'trialing',
      'active',
      'past_due',
      'unpaid',
      'paused',
      'cancelled',
      'incomplete',
    ]),
    interval,
    currency: z.string(),
    current_period_start: z.string(),
    current_period_end: z.string(),
    usage_period_start: z.string(),
    usage_period_end: z.string(),
    cancel_at_period_end: z.boolean(),
    scheduled_change: z
      .object({ plan_id: z.string(), interval, effective_at: z.string() })
      .nullable(),
    pending_change: z.object({ plan_id: z.string(), interval, payment_url: z.string() }).nullable(),
    stripe_subscription_id: z.string().nullable(),
  })
  .meta({ id: 'Subscription' });

export type Subscription = z.infer<typeof subscriptionSchema>;

export const assignPlanSchema = z.strictObject({
  plan_id: z.string().min(1).max(64),
  interval: interval.optional(),
  currency: currencyField.optional(),
});

export type AssignPlan = z.infer<typeof assignPlanSchema>;

/** What an override may set a limit to; absent or null: the plan's value. */
function overriddenLimit(max: number) {
  const error = `must be a whole number from 0 to ${max}, "unlimited" or null`;
  const isAllowed = (value: number | 'unlimited') =>
    value === 'unlimited' || (Number.isInteger(value) && value >= 0 && value <= max);
  // The bounds are told to the reference only: as checks each would have a message of its own.
  const wholeNumber = z.number().meta({ type: 'integer', minimum: 0, maximum: max });
  return z
    .union([wholeNumber, z.literal('unlimited')], { error })
    .refine(isAllowed, error)
    .nullish();
}

export const setOverridesSchema = z.strictObject({
  monthly_limit: overriddenLimit(Number.MAX_SAFE_INTEGER),
  concurrent_limit: overriddenLimit(integerMax),
  max_file_size_mb: overriddenLimit(integerMax),
  /** Of one conversion past the limit, in major units of the workspace's currency. */
  overage_price: decimalField.nullish(),
  rate_limit_per_minute: overriddenLimit(integerMax),
  reason: displayText(500),
  expires_at: timeField.nullish(),
});

export type SetOverridesInput = z.infer<typeof setOverridesSchema>;

const shownLimit = z.union([z.int().nonnegative(), z.literal('unlimited')]).nullable();

/** The overrides in effect. */
export const overridesSchema = z
  .object({
    id: z.string(),
    object: z.literal('overrides'),
    monthly_limit: shownLimit,
    concurrent_limit: shownLimit,
    max_file_size_mb: shownLimit,
    overage_price: z.string().nullable(),
    rate_limit_per_minute: shownLimit,
    reason: z.string(),
    author: z.object({ kind: z.string(), id: z.string() }),
    created_at: z.string(),
    expires_at: z.string().nullable(),
  })
  .meta({ id: 'Overrides' });

export type Overrides = z.infer<typeof overridesSchema>;

export const suspendSchema = z.strictObject({ reason: displayText(500) });
