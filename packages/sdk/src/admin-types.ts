import type { Billing, BillingInterval, Subscription } from './billing-types.ts';
import type { Plan, UsageOverrides, Workspace } from './types.ts';

export interface Overrides extends UsageOverrides {
  id: string;
  object: 'overrides';
  author: { kind: string; id: string };
  created_at: string;
}

/** A workspace as the super admin sees it. */
export interface AdminWorkspace extends Workspace {
  suspended_reason: string | null;
  subscription: Subscription;
  /** Of the current usage period. */
  usage: {
    period_start: string;
    period_end: string;
    used: number;
    reserved: number;
    overage: number;
    limit: number | null;
    active: number;
    queued: number;
    concurrent_limit: number | null;
  };
  overrides: Overrides | null;
  /** In the minor units of its currency. */
  revenue: { currency: string; recurring_minor: number; overage_accruing_minor: number };
  /** Whether it may be charged for overage without a payment method on file. */
  overage_charge_allowed: boolean;
  /** Charged at the payment provider beside the subscription that counts: end all but one there. */
  extra_subscription_ids: string[];
}

export interface AdminBilling extends Billing {
  overage_charge_allowed: boolean;
}

/** Null or absent is the plan's own. */
export interface SetOverridesInput {
  monthly_limit?: number | 'unlimited' | null;
  concurrent_limit?: number | 'unlimited' | null;
  max_file_size_mb?: number | 'unlimited' | null;
  overage_price?: string | null;
  rate_limit_per_minute?: number | 'unlimited' | null;
  reason: string;
  expires_at?: string | null;
}

export interface PlanPrice {
  currency: string;
  interval: BillingInterval;
  amount_minor: number;
  overage_amount: string | null;
  overage_amounts_by_type?: Record<string, string> | null;
  overage_tiers?: { up_to: number | null; amount: string }[] | null;
}

/** What a change of makes a new version. */
export interface PlanTerms {
  monthly_conversion_limit: number | null;
  concurrent_conversion_limit: number | null;
  max_file_size_mb: number | null;
  rate_limit_per_minute: number;
  overage_policies: ('block' | 'warn' | 'charge')[];
  prices: PlanPrice[];
}

export interface PlanVersion extends PlanTerms {
  version: number;
  created_at: string;
  workspace_count: number;
}

/** A plan as the super admin sees it. */
export interface AdminPlan extends Omit<Plan, keyof PlanTerms>, PlanTerms {
  /** Whom a custom plan is for. */
  workspace_id: string | null;
  position: number;
  workspace_count: number;
  created_at: string;
  updated_at: string;
}

export interface AdminPlanDetail extends AdminPlan {
  versions: PlanVersion[];
}

export interface CreatePlanInput extends Omit<PlanTerms, 'overage_policies' | 'prices'> {
  name: string;
  overage_policies?: PlanTerms['overage_policies'];
  prices?: PlanPrice[];
  id?: string;
  workspace_id?: string;
  self_service?: boolean;
  position?: number;
  features?: Record<string, unknown>;
}

export interface UpdatePlanInput extends Partial<PlanTerms> {
  name?: string;
  self_service?: boolean;
  position?: number;
  features?: Record<string, unknown>;
  active?: true;
}

/** What a change of a plan would do, and to whom. */
export interface PlanChange {
  object: 'plan_change';
  plan_id: string;
  current_version: number;
  /** Null: no new version is needed. */
  new_version: number | null;
  changes: { member: string; before: unknown; after: unknown }[];
  /** Who is on which version, and stays there. */
  workspaces: { version: number; count: number }[];
}

/** What becomes of the money if a subscription ends now, by the second, in minor units. */
export interface EndPreview {
  object: 'end_preview';
  workspace_id: string;
  as_of: string;
  currency: string;
  /** Null where the period is not paid. */
  refund: { to_card_minor: number; to_balance_minor: number } | null;
  credit: { to_balance_minor: number } | null;
  /** Past the limit until now: on an invoice of its own an hour later. */
  overage_minor: number;
}

/** What the operator gave: the next invoices are reduced by it. */
export interface Credit {
  id: string;
  object: 'credit';
  workspace_id: string;
  amount_minor: number;
  currency: string;
  reason: string;
  status: 'pending' | 'given';
  created_at: string;
}

/** Business time, and whose word it is. */
export interface Clock {
  object: 'clock';
  now: string;
  billing_mode: 'stripe' | 'simulator';
}

/** An event of the payment provider in our inbox. */
export interface StripeEvent {
  id: string;
  object: 'stripe_event';
  type: string;
  workspace_id: string | null;
  status: 'waiting' | 'failed' | 'processed' | 'ignored';
  ignored_reason: string | null;
  source: 'webhook' | 'reconciler';
  attempts: number;
  last_error: string | null;
  next_attempt_at: string | null;
  created_at: string;
  received_at: string;
  processed_at: string | null;
}

export interface AuditVerification {
  object: 'audit_verification';
  chain_id: string;
  intact: boolean;
  sequence: number;
  hash: string | null;
  broken: { sequence: number; problem: 'missing' | 'unlinked' | 'altered' | 'erased' } | null;
}

/** Each currency by itself, in its minor units. */
export interface Revenue {
  object: 'revenue';
  as_of: string;
  currencies: {
    currency: string;
    recurring_minor: number;
    recurring_past_due_minor: number;
    recurring_ending_minor: number;
    paying_count: number;
    trialing_count: number;
    overage_accruing_minor: number;
    overage_billed_minor: number;
    paid_minor: number;
  }[];
  /** What came and went of what recurs, the newest month first. */
  months: {
    /** Such as `2027-06`, in UTC. */
    month: string;
    currency: string;
    paying_start_count: number;
    recurring_start_minor: number;
    new_count: number;
    new_minor: number;
    expansion_minor: number;
    contraction_minor: number;
    lost_count: number;
    lost_minor: number;
  }[];
  plans: {
    plan_id: string;
    name: string;
    currency: string;
    paying_count: number;
    recurring_minor: number;
  }[];
}

/** How the platform is. */
export interface Health {
  object: 'health';
  as_of: string;
  process_count: number;
  conversions: {
    queued: number;
    running: number;
    oldest_queued_at: string | null;
    expired_leases: number;
  };
  converters: { processes: number; busy: number; waiting: number };
  backlog: {
    announcements: number;
    payment_events: number;
    payment_events_failed: number;
    /** Workspaces that are charged for more than one subscription. */
    extra_subscriptions: number;
    due_work: number;
  };
  engines: {
    name: string;
    available: boolean;
    reason: string | null;
    conversion_types: number;
  }[];
  outcomes: {
    outcome: 'refused' | 'failed' | 'cancelled';
    reason: string;
    count: number;
    workspace_count: number;
  }[];
  types: { type: string; conversions: number; failed: number; average_ms: number }[];
  /** Of the process that answered, in the last hour, the slowest first. */
  endpoints: {
    method: string;
    path: string;
    requests: number;
    errors: number;
    p50_ms: number;
    p99_ms: number;
  }[];
  database: { version: string; size_bytes: number };
}

export interface CreatePlanMigrationInput {
  effective_at: string;
  /** The version on sale where absent. */
  to_version?: number;
}

/** A dated move of a plan's subscribers to a newer version. */
export interface PlanMigration {
  id: string;
  object: 'plan_migration';
  plan_id: string;
  to_version: number;
  effective_at: string;
  created_at: string;
  workspaces: { waiting: number; scheduled: number; moved: number; skipped: number };
}
