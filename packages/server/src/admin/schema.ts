import { z } from 'zod';
import { listQuery } from '../http/list.ts';
import { displayText, workspaceSchema } from '../organizations/schema.ts';
import { overridesSchema, subscriptionSchema } from '../subscriptions/schema.ts';

const count = z.int().nonnegative();

/** A workspace as the super admin sees it. */
export const adminWorkspaceSchema = workspaceSchema
  .extend({
    suspended_reason: z.string().nullable(),
    subscription: subscriptionSchema,
    /** Of the current usage period; a limit of null is none. */
    usage: z.object({
      period_start: z.string(),
      period_end: z.string(),
      used: count,
      reserved: count,
      overage: count,
      limit: count.nullable(),
      active: count,
      queued: count,
      concurrent_limit: count.nullable(),
    }),
    overrides: overridesSchema.nullable(),
    /** In the minor units of its currency. */
    revenue: z.object({
      currency: z.string(),
      /** Of a paid subscription, for a month; a trial brings nothing. */
      recurring_minor: z.int().nonnegative(),
      /** Past the limit in the running usage period, on no bill yet. */
      overage_accruing_minor: z.int().nonnegative(),
    }),
    /** Whether it may be charged for overage without a payment method on file. */
    overage_charge_allowed: z.boolean(),
    /**
     * Alive at the payment provider beside the subscription that counts, and charged as well: end all
     * but one there.
     */
    extra_subscription_ids: z.array(z.string()),
  })
  .meta({ id: 'AdminWorkspace' });

export type AdminWorkspace = z.infer<typeof adminWorkspaceSchema>;

export const createAdminWorkspaceSchema = z.strictObject({
  name: displayText(100),
  owner_email: z.email('must be an e-mail address').max(254).optional(),
  plan_id: z.string().min(1).max(64).optional(),
});

export const listAdminWorkspacesQuery = listQuery.extend({
  search: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('A part of the name or slug, an id, or a billing address.'),
  plan_id: z.string().min(1).max(64).optional(),
  billing_status: z
    .enum(['ok', 'past_due', 'suspended'])
    .optional()
    .describe('`suspended`: by the operator, or since an invoice stayed unpaid.'),
  extra_subscriptions: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('Whether more than one subscription is charged at the payment provider.'),
  near_limit: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('Whether 80 % of the monthly limit in force are taken.'),
  sort: z
    .enum(['newest', 'usage', 'share', 'revenue'])
    .default('newest')
    .describe(
      '`usage`: by conversions of the period; `share`: by their part of the limit; ' +
        '`revenue`: by what recurs a month and overage that accrues, each currency by itself.',
    ),
});

export type ListAdminWorkspaces = z.infer<typeof listAdminWorkspacesQuery>;
