import { z } from 'zod';
import { conversionTypeField, decimalField, integerMax } from '../http/fields.ts';
import { displayText } from '../organizations/schema.ts';
import { planSchema } from './schema.ts';

const count = z.int().nonnegative();
/** Stripe's: eight digits. */
const amountMinorMax = 99_999_999;
const currencies: ReadonlySet<string> = new Set(
  Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()),
);

/** A version as it was made, and who is still on it. */
const planVersionSchema = planSchema
  .omit({ object: true, id: true, name: true, active: true, self_service: true })
  .extend({ created_at: z.string(), workspace_count: count });

/** A plan as the super admin sees it: the current version, archived and custom ones too. */
export const adminPlanSchema = planSchema
  .extend({
    /** The one workspace that a custom plan is for; null: everybody's. */
    workspace_id: z.string().nullable(),
    position: z.int(),
    /** On any of its versions. */
    workspace_count: count,
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'AdminPlan' });

export type AdminPlan = z.infer<typeof adminPlanSchema>;

/** The same with its versions, newest first. */
export const adminPlanDetailSchema = adminPlanSchema
  .extend({ versions: z.array(planVersionSchema) })
  .meta({ id: 'AdminPlanDetail' });

export type AdminPlanDetail = z.infer<typeof adminPlanDetailSchema>;

const tier = z.strictObject({ up_to: z.int().positive().nullable(), amount: decimalField });

type Tier = z.infer<typeof tier>;

const isGraduated = (tiers: readonly Tier[]): boolean =>
  tiers.every(({ up_to: upTo }, index) => {
    const before = tiers[index - 1]?.up_to ?? 0;
    return index === tiers.length - 1 ? upTo === null : upTo !== null && upTo > before;
  });

const priceSchema = z.strictObject({
  currency: z
    .string()
    .refine((code) => currencies.has(code), 'must be a currency code in small letters, as "usd"'),
  interval: z.enum(['month', 'year']),
  amount_minor: z.int().nonnegative().max(amountMinorMax),
  overage_amount: decimalField.nullish(),
  overage_amounts_by_type: z.record(conversionTypeField, decimalField).nullish(),
  overage_tiers: z
    .array(tier)
    .min(1)
    .max(20)
    .refine(isGraduated, 'must ascend by up_to, and the last one has null there')
    .nullish(),
});

export type PriceInput = z.infer<typeof priceSchema>;

const featuresMax = 4_096;

const features = z
  .looseObject({ trial_days: z.int().min(1).max(730).optional() })
  .refine((value) => JSON.stringify(value).length <= featuresMax, 'must be at most 4 KB of JSON');

const limit = (max: number) => z.int().nonnegative().max(max).nullable();

const terms = z.strictObject({
  monthly_conversion_limit: limit(Number.MAX_SAFE_INTEGER).describe('null: unlimited'),
  concurrent_conversion_limit: limit(integerMax),
  max_file_size_mb: limit(integerMax),
  rate_limit_per_minute: z.int().positive().max(integerMax),
  overage_policies: z
    .array(z.enum(['block', 'warn', 'charge']))
    .min(1)
    .max(3),
  prices: z.array(priceSchema).max(100),
});

export type PlanTerms = z.infer<typeof terms>;

export const createPlanSchema = terms.extend({
  id: z
    .string()
    .regex(/^plan_[a-z0-9_]{1,58}$/, 'must begin with plan_ and be of small letters and digits')
    .optional(),
  name: displayText(100),
  workspace_id: z.string().min(1).max(64).optional(),
  self_service: z.boolean().default(true),
  position: z.int().min(0).max(integerMax).default(100),
  overage_policies: terms.shape.overage_policies.default(['block']),
  prices: terms.shape.prices.default([]),
  features: features.default({}),
});

export type CreatePlan = z.infer<typeof createPlanSchema>;

export const updatePlanSchema = terms.partial().extend({
  name: displayText(100).optional(),
  self_service: z.boolean().optional(),
  position: z.int().min(0).max(integerMax).optional(),
  features: features.optional(),
  active: z.literal(true, 'can only be true: DELETE archives').optional(),
});

export type UpdatePlan = z.infer<typeof updatePlanSchema>;

/** What a change of a plan would do, and to whom. */
export const planChangeSchema = z
  .object({
    object: z.literal('plan_change'),
    plan_id: z.string(),
    current_version: z.int(),
    /** The version that it would make; null: limits, policies and prices stay. */
    new_version: z.int().nullable(),
    changes: z.array(z.object({ member: z.string(), before: z.unknown(), after: z.unknown() })),
    /** Who is on the plan now. With a new version they keep the one they have until moved. */
    workspaces: z.array(z.object({ version: z.int(), count })),
  })
  .meta({ id: 'PlanChange' });

export type PlanChange = z.infer<typeof planChangeSchema>;
