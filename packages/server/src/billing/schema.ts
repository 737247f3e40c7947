import { z } from 'zod';
import { minorStep } from '../currency.ts';
import { displayText } from '../organizations/schema.ts';

const overagePolicy = z.enum(['block', 'warn', 'charge']);

/** How a workspace pays. Money is in minor units of `currency`. */
export const billingSchema = z
  .object({
    object: z.literal('billing'),
    workspace_id: z.string(),
    /** suspended: by the operator, or since an invoice stayed unpaid. */
    status: z.enum(['ok', 'past_due', 'suspended']),
    billing_email: z.string().nullable(),
    currency: z.string(),
    /** What is in the workspace's favour. */
    balance_minor: z.int(),
    payment_method: z
      .object({
        brand: z.string(),
        last4: z.string(),
        exp_month: z.int(),
        exp_year: z.int(),
      })
      .nullable(),
    /** The subscription is charged again, and nothing is on file to charge. */
    payment_method_missing: z.boolean(),
    next_invoice: z
      .object({ amount_due_minor: z.int(), currency: z.string(), due_at: z.string() })
      .nullable(),
    /** As chosen; what is in effect under the present plan is in `usage.overage.policy`. */
    overage_policy: overagePolicy,
    spend_cap_minor: z.int().nonnegative().nullable(),
  })
  .meta({ id: 'Billing' });

export type Billing = z.infer<typeof billingSchema>;

export const updateBillingSchema = z.strictObject({
  billing_email: z.email('must be an e-mail address').max(254).toLowerCase().nullish(),
  spend_cap_minor: z
    .int()
    .nonnegative()
    .nullish()
    .describe('The most that overage may cost in a usage period; null: no cap.'),
  overage_policy: overagePolicy.optional(),
});

export type UpdateBilling = z.infer<typeof updateBillingSchema>;

/** The same as the super admin sees it. */
export const adminBillingSchema = billingSchema
  .extend({
    /** The operator's word that overage may be charged without a payment method on file. */
    overage_charge_allowed: z.boolean(),
  })
  .meta({ id: 'AdminBilling' });

export type AdminBilling = z.infer<typeof adminBillingSchema>;

export const updateAdminBillingSchema = z.strictObject({ overage_charge_allowed: z.boolean() });

/** One line of the billing history: a renewal, a change of plan, a payment, an override, … */
export const billingEventSchema = z
  .object({
    id: z.string(),
    object: z.literal('billing_event'),
    workspace_id: z.string(),
    /** `subscription.changed`, `invoice.paid`, `overrides.set`, … */
    type: z.string(),
    /** One line for people. */
    summary: z.string(),
    /** What was changed, by type. */
    data: z.record(z.string(), z.unknown()),
    created_at: z.string(),
  })
  .meta({ id: 'BillingEvent' });

export type BillingEvent = z.infer<typeof billingEventSchema>;

export const giveCreditSchema = z
  .strictObject({
    amount_minor: z.int().positive().max(99_999_999),
    currency: z.string().regex(/^[a-z]{3}$/, 'must be a currency code such as "usd"'),
    reason: displayText(300),
  })
  .refine(({ amount_minor, currency }) => amount_minor % minorStep(currency) === 0, {
    path: ['amount_minor'],
    error: 'must end in 0 (KWD, BHD, JOD, OMR, TND) or 00 (ISK, UGX)',
  });

export type GiveCredit = z.infer<typeof giveCreditSchema>;

/** What the operator gave: the next invoices are reduced by it. */
export const creditSchema = z
  .object({
    id: z.string(),
    object: z.literal('credit'),
    workspace_id: z.string(),
    amount_minor: z.int().positive(),
    currency: z.string(),
    reason: z.string(),
    /** pending: the payment provider does not know of it yet. */
    status: z.enum(['pending', 'given']),
    created_at: z.string(),
  })
  .meta({ id: 'Credit' });

export type Credit = z.infer<typeof creditSchema>;
