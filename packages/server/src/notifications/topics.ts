/**
 * What can be announced, and what is told with it. Times are RFC 3339, money is `*_minor` with its
 * `currency`. Webhook endpoints and mails are made from these members, so they are wire names.
 */
export interface Announcements {
  // By db/functions/raise_usage_alerts.sql.
  'usage.threshold_reached': UsagePeriod & {
    thresholds: number[];
    used: number;
    limit: number;
    /** In effect past the limit. Both are absent from what was announced before they were told. */
    policy?: 'block' | 'warn' | 'charge';
    period_end?: string;
  };
  'overage.first': UsagePeriod & {
    policy: 'warn' | 'charge';
    used: number;
    limit: number;
    unit_amount: string | null;
    currency: string;
  };
  'spend_cap.threshold_reached': SpendCap;
  'spend_cap.reached': SpendCap;

  // By db/functions/announce_conversions.sql, where an endpoint wants them.
  'conversion.succeeded': Conversion;
  'conversion.failed': Conversion;

  'quota.exceeded': { limit: number; used: number; resets_at: string };
  'subscription.changed': SubscriptionChange;
  'subscription.ending': { ends_at: string; plan_name: string };
  /** Both are absent from what was announced before they were told. */
  'invoice.finalized': Invoice & {
    /** Of one that is mailed, to be paid by hand. */
    due_at?: string | null;
    /** It was charged, in vain: that is told by itself. */
    has_failed?: boolean;
  };
  'invoice.paid': Invoice;
  /** Null where the subscription is not past due: an upgrade or an invoice of its own has no grace. */
  'invoice.payment_failed': Invoice &
    ({ day: 0; grace_ends_at: string | null } | { day: 3 | 7; grace_ends_at: string });
  'invoice.payment_action_required': Invoice;
  'payment_method.removed': LostCard;
  'payment_method.expiring': { brand: string; last4: string; exp_month: number; exp_year: number };
  'usage.digest': UsageDigest;
  'webhook_endpoint.disabled': {
    endpoint_id: string;
    url: string;
    reason: 'gone' | 'failing';
    failing_since: string | null;
  };
  'workspace.suspended': { reason: string };
  'workspace.reactivated': Record<string, never>;

  // To one person, whoever else there is; without a workspace where the person has none yet.
  'auth.email_verification': PersonalLink;
  'auth.email_change': PersonalLink & { new_email?: string };
  'auth.password_reset': PersonalLink;
  'auth.login_changed': Personal & {
    change: 'password' | 'second_factor_on' | 'second_factor_off';
    changed_at: string;
  };
  'auth.invitation': PersonalLink & { workspace_name?: string; invited_by?: string; role?: string };
}

export type Topic = keyof Announcements;

interface UsagePeriod {
  period_start: string;
}

interface Conversion {
  job_id: string;
  type: string;
}

interface SpendCap extends UsagePeriod {
  thresholds: number[];
  cap_minor: number;
  amount_minor: number;
  currency: string;
}

interface SubscriptionChange {
  change:
    | 'subscribed'
    | 'upgraded'
    | 'downgraded'
    | 'change_scheduled'
    | 'change_undone'
    | 'cancel_scheduled'
    | 'resumed'
    | 'cancelled'
    | 'plan_assigned'
    | 'plan_moved';
  plan_id: string;
  plan_name: string;
  previous_plan_id: string | null;
  interval: 'month' | 'year' | null;
  status: string;
  effective_at: string;
}

interface Invoice {
  /** `inv_…` */
  invoice_id: string;
  number: string | null;
  total_minor: number;
  amount_due_minor: number;
  currency: string;
  hosted_invoice_url: string | null;
}

/** The last card is gone, and something depended on it. */
interface LostCard {
  brand: string;
  last4: string;
  plan_name: string;
  /** Of the subscription. */
  status: string;
  /** When something is charged next; null: the plan does not go on. */
  charged_at: string | null;
  /** Something was used past the limit, and an invoice for it is mailed. */
  overage_mailed: boolean;
  /** It was to be charged for conversions past the limit, which are refused now. */
  overage_blocked: boolean;
}

/** Of seven days, [week_start, week_end). */
interface UsageDigest {
  week_start: string;
  week_end: string;
  conversions: number;
  previous_conversions: number;
  failed: number;
  by_type: { type: string; conversions: number }[];
  period: { used: number; limit: number | null; end: string };
}

interface Personal {
  recipient_email: string;
  /** Of the person, where it is known. */
  name: string | null;
}

/** `url` holds a token that is good once: it is erased when the mail is sent, or too late to send. */
interface PersonalLink extends Personal {
  url: string;
  expires_at: string;
}
