import type { Plan } from './types.ts';

export type BillingInterval = 'month' | 'year';

export interface Subscription {
  id: string;
  object: 'subscription';
  workspace_id: string;
  /** In the version that was bought. */
  plan: Plan;
  status: 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused' | 'cancelled' | 'incomplete';
  interval: BillingInterval;
  currency: string;
  current_period_start: string;
  current_period_end: string;
  usage_period_start: string;
  usage_period_end: string;
  cancel_at_period_end: boolean;
  /** What becomes of it at the end of the billing period. */
  scheduled_change: { plan_id: string; interval: BillingInterval; effective_at: string } | null;
  /** What waits for a payment on `payment_url`. */
  pending_change: { plan_id: string; interval: BillingInterval; payment_url: string } | null;
  stripe_subscription_id: string | null;
}

/** The subscription after a change. */
export interface ChangedSubscription extends Subscription {
  /** Where a card is given first; the change is made when that is done. */
  checkout_url: string | null;
}

/** The invoice that a change would make now; money in minor units of `currency`. */
export interface SubscriptionPreview {
  object: 'subscription_preview';
  plan_id: string;
  interval: BillingInterval;
  currency: string;
  when: 'now' | 'period_end';
  effective_at: string;
  /** Whether a card is asked for on a hosted page first. */
  checkout: boolean;
  recurring_amount_minor: number;
  /** Give it to the change to be invoiced exactly this. */
  proration_date: string | null;
  /** Until when nothing is paid, where it begins with a trial. */
  trial_ends_at: string | null;
  lines: {
    kind: 'base' | 'proration' | 'overage' | 'credit';
    description: string;
    quantity: number;
    amount_minor: number;
    period: { start: string; end: string };
  }[];
  total_minor: number;
  amount_due_minor: number;
}

export type OveragePolicy = 'block' | 'warn' | 'charge';

export interface PaymentMethod {
  brand: string;
  last4: string;
  exp_month: number;
  exp_year: number;
}

/** How a workspace pays; money in minor units of `currency`. */
export interface Billing {
  object: 'billing';
  workspace_id: string;
  status: 'ok' | 'past_due' | 'suspended';
  billing_email: string | null;
  currency: string;
  /** In the workspace's favour. */
  balance_minor: number;
  payment_method: PaymentMethod | null;
  /** The subscription is charged again, and nothing is on file to charge. */
  payment_method_missing: boolean;
  next_invoice: { amount_due_minor: number; currency: string; due_at: string } | null;
  overage_policy: OveragePolicy;
  spend_cap_minor: number | null;
}

/** One line of the billing history. */
export interface BillingEvent {
  id: string;
  object: 'billing_event';
  workspace_id: string;
  type: string;
  summary: string;
  data: Record<string, unknown>;
  created_at: string;
}
