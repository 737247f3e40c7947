import { sql, type Statement } from '../../db/sql.ts';

/** A number that is higher than that of every fetch which began before. */
export function takeSyncNumber(): Statement {
  return sql`SELECT nextval('billing_sync_numbers') AS number`;
}

/** The subscription as it is kept. */
export interface KeptSubscription extends SubscriptionFacts {
  readonly id: string;
  readonly plan_name: string;
  readonly usage_anchor: string;
  readonly stripe_customer_id: string | null;
  readonly stripe_payment_method_id: string | null;
  readonly payment_method: { readonly brand: string; readonly last4: string } | null;
  readonly billing_sync_number: number;
  readonly extra_subscription_ids: readonly string[];
}

export interface ScheduledChange {
  readonly plan_id: string;
  readonly interval: 'month' | 'year';
  readonly effective_at: string;
}

export interface PendingChange {
  readonly plan_id: string;
  readonly interval: 'month' | 'year';
  readonly payment_url: string;
}

export function findKeptSubscription(organizationId: string): Statement {
  return sql`SELECT s.id, s.plan_id, s.plan_version, p.name AS plan_name, s.status, s.interval,
      s.currency, s.usage_anchor, s.current_period_start, s.current_period_end,
      s.cancel_at_period_end, s.scheduled_change, s.pending_change, s.past_due_since,
      s.grace_ends_at, s.overdue_invoice_url, s.stripe_schedule_id, s.stripe_customer_id, s.stripe_subscription_id, s.stripe_payment_method_id,
      s.payment_method, s.billing_sync_number, s.extra_subscription_ids
    FROM organization_subscriptions s
    JOIN subscription_plans p ON p.id = s.plan_id
    WHERE s.organization_id = ${organizationId}`;
}

/** What is written of a subscription; `stripe_…` null: there is none (any more). */
export interface SubscriptionFacts {
  readonly plan_id: string;
  readonly plan_version: number;
  readonly status: string;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  readonly current_period_start: string;
  readonly current_period_end: string;
  readonly cancel_at_period_end: boolean;
  readonly scheduled_change: ScheduledChange | null;
  readonly pending_change: PendingChange | null;
  readonly past_due_since: string | null;
  readonly grace_ends_at: string | null;
  readonly overdue_invoice_url: string | null;
  readonly stripe_subscription_id: string | null;
  readonly stripe_schedule_id: string | null;
}

export function updateSubscriptionFacts(
  organizationId: string,
  facts: SubscriptionFacts,
  asOf: Date,
): Statement {
  const { scheduled_change: scheduled, pending_change: pending } = facts;
  return sql`WITH subscription AS (
      UPDATE organization_subscriptions SET plan_id = ${facts.plan_id},
        plan_version = ${facts.plan_version}::integer, status = ${facts.status},
        interval = ${facts.interval}, currency = ${facts.currency},
        current_period_start = ${facts.current_period_start}::timestamptz,
        current_period_end = ${facts.current_period_end}::timestamptz,
        cancel_at_period_end = ${facts.cancel_at_period_end},
        scheduled_change = ${scheduled === null ? null : JSON.stringify(scheduled)}::jsonb,
        pending_change = ${pending === null ? null : JSON.stringify(pending)}::jsonb,
        past_due_since = ${facts.past_due_since}::timestamptz,
        grace_ends_at = ${facts.grace_ends_at}::timestamptz,
        overdue_invoice_url = ${facts.overdue_invoice_url},
        stripe_subscription_id = ${facts.stripe_subscription_id},
        stripe_schedule_id = ${facts.stripe_schedule_id},
        updated_at = ${asOf}
      WHERE organization_id = ${organizationId}
    )
    UPDATE organization SET plan_id = ${facts.plan_id},
      billing_status = CASE ${facts.status} WHEN 'past_due' THEN 'past_due'
        WHEN 'unpaid' THEN 'suspended' ELSE 'ok' END
    WHERE id = ${organizationId}`;
}

export interface CustomerFacts {
  readonly number: number;
  readonly stripe_customer_id: string | null;
  readonly balance_minor: number;
  /** Null: nothing has fixed it there. */
  readonly currency: string | null;
  readonly payment_method: object | null;
  readonly stripe_payment_method_id: string | null;
}

/** Only where no newer fetch was written. */
export function updateCustomerFacts(
  organizationId: string,
  facts: CustomerFacts,
  asOf: Date,
): Statement {
  const method = facts.payment_method === null ? null : JSON.stringify(facts.payment_method);
  return sql`UPDATE organization_subscriptions SET balance_minor = ${facts.balance_minor}::bigint,
      payment_method = ${method}::jsonb,
      stripe_payment_method_id = ${facts.stripe_payment_method_id},
      card_being_removed = card_being_removed
        AND stripe_payment_method_id IS NOT DISTINCT FROM ${facts.stripe_payment_method_id},
      stripe_customer_id = ${facts.stripe_customer_id},
      paid_currency = coalesce(${facts.currency}, paid_currency),
      billing_sync_number = ${facts.number}::bigint, billing_synced_at = ${asOf}
    WHERE organization_id = ${organizationId}`;
}

export function updateExtraSubscriptions(
  organizationId: string,
  ids: readonly string[],
  asOf: Date,
): Statement {
  return sql`UPDATE organization_subscriptions SET extra_subscription_ids = ${ids}::text[],
      updated_at = ${asOf} WHERE organization_id = ${organizationId}`;
}

/** A row where the workspace was deleted. */
export function findDeleted(organizationId: string): Statement {
  return sql`SELECT deleted_at FROM organization WHERE id = ${organizationId} AND deleted_at IS NOT NULL`;
}

export function findAuditOf(organizationId: string, action: string, targetId: string): Statement {
  return sql`SELECT 1 AS found FROM audit_log WHERE organization_id = ${organizationId}
    AND action = ${action} AND target_id = ${targetId}`;
}

export function findFreePlan(): Statement {
  return sql`SELECT id, name, current_version FROM subscription_plans WHERE id = 'plan_free'`;
}

/** Name of a plan, and what a month of it costs: by that a change is up or down. */
export function findMonthlyAmount(
  planId: string,
  version: number,
  currency: string,
  interval: string,
): Statement {
  return sql`SELECT coalesce((
      SELECT c.amount_minor::float8 / CASE c.interval WHEN 'year' THEN 12 ELSE 1 END
      FROM subscription_plan_prices c
      WHERE c.plan_id = p.id AND c.version = ${version}::integer AND c.currency = ${currency}
        AND c.interval = ${interval}), 0) AS amount
    FROM subscription_plans p WHERE p.id = ${planId}`;
}

export function findPlanName(planId: string): Statement {
  return sql`SELECT name FROM subscription_plans WHERE id = ${planId}`;
}
