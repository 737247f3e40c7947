import { z } from 'zod';
import { currencyField, timeField } from '../../http/fields.ts';
import { subscriptionSchema } from '../../subscriptions/schema.ts';

const interval = z.enum(['month', 'year']);

export const changeSubscriptionSchema = z.strictObject({
  plan_id: z.string().min(1).max(64),
  interval: interval.optional().describe('Absent: the present one.'),
  currency: currencyField.optional().describe('Fixed by the first subscription.'),
  when: z
    .enum(['now', 'period_end'])
    .optional()
    .describe('Absent: upward now, downward at the end of the billing period.'),
  proration_date: timeField
    .optional()
    .describe(
      'As a preview of the last hour told it: the invoice is then that preview to the cent.',
    ),
  return_url: z.url().max(2_000).optional().describe('Where Checkout leads back to.'),
});

export type ChangeSubscription = z.infer<typeof changeSubscriptionSchema>;

/** The subscription after a change. */
export const changedSubscriptionSchema = subscriptionSchema
  .extend({
    /** Where a card is given first; the change is made when that is done. */
    checkout_url: z.string().nullable(),
  })
  .meta({ id: 'ChangedSubscription' });

export type ChangedSubscription = z.infer<typeof changedSubscriptionSchema>;

/** The invoice that a change would make now. Money in minor units of `currency`. */
export const subscriptionPreviewSchema = z
  .object({
    object: z.literal('subscription_preview'),
    plan_id: z.string(),
    interval,
    currency: z.string(),
    /** When the plan would change; with `period_end` nothing is invoiced before. */
    when: z.enum(['now', 'period_end']),
    effective_at: z.string(),
    /** Whether a card is asked for on a hosted page first. */
    checkout: z.boolean(),
    /** What the new plan costs each interval from then on, without overage. */
    recurring_amount_minor: z.int(),
    /** Give it to the change to be invoiced exactly this; null: nothing is prorated. */
    proration_date: z.string().nullable(),
    /** Until when nothing is paid, where it begins with a trial. */
    trial_ends_at: z.string().nullable(),
    lines: z.array(
      z.object({
        kind: z.enum(['base', 'proration', 'overage', 'credit']),
        description: z.string(),
        quantity: z.int(),
        amount_minor: z.int(),
        period: z.object({ start: z.string(), end: z.string() }),
      }),
    ),
    total_minor: z.int(),
    /** After the workspace's balance. */
    amount_due_minor: z.int(),
  })
  .meta({ id: 'SubscriptionPreview' });

export type SubscriptionPreview = z.infer<typeof subscriptionPreviewSchema>;

export const cancelQuery = z.strictObject({
  when: z.enum(['period_end', 'now']).default('period_end'),
  settlement: z
    .enum(['refund', 'credit', 'none'])
    .optional()
    .describe('With `now`: what becomes of the time that is paid for and left.'),
});

export type CancelSubscription = z.infer<typeof cancelQuery>;

/** What becomes of the money if a subscription ends now, by the second, in minor units of `currency`. */
export const endPreviewSchema = z
  .object({
    object: z.literal('end_preview'),
    workspace_id: z.string(),
    as_of: z.string(),
    currency: z.string(),
    /** With `settlement=refund`; null where the period is not paid. */
    refund: z.object({ to_card_minor: z.int(), to_balance_minor: z.int() }).nullable(),
    /** With `settlement=credit`; null where the period is not paid. */
    credit: z.object({ to_balance_minor: z.int() }).nullable(),
    /** What came past the limit in the running usage period: on an invoice of its own an hour later. */
    overage_minor: z.int(),
  })
  .meta({ id: 'EndPreview' });

export type EndPreview = z.infer<typeof endPreviewSchema>;

export const startTrialSchema = z.strictObject({
  ends_at: timeField,
  plan_id: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('For a workspace without a paid subscription: what it tries, without a card.'),
  interval: interval.optional(),
  currency: currencyField.optional(),
});

export type StartTrial = z.infer<typeof startTrialSchema>;
