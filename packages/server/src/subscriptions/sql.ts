import { sql, type Statement } from '../db/sql.ts';
import type { SetOverridesInput } from './schema.ts';

export function findSubscriptionOfOrganization(organizationId: string, asOf: Date): Statement {
  return sql`SELECT subscription_object(${organizationId}, ${asOf}::timestamptz) AS subscription`;
}

export function findOverdueInvoice(organizationId: string): Statement {
  return sql`SELECT overdue_invoice_url FROM organization_subscriptions
    WHERE organization_id = ${organizationId}`;
}

/** What it pays in, or what is under way will be owed in; null: nothing yet. */
export function findFixedCurrency(organizationId: string): Statement {
  return sql`SELECT fixed_currency(${organizationId}) AS currency`;
}

export function findOverridesOfOrganization(organizationId: string, asOf: Date): Statement {
  return sql`SELECT overrides_object(${organizationId}, ${asOf}::timestamptz) AS overrides`;
}

export function cutUsagePeriodAt(organizationId: string, anchor: Date, asOf: Date): Statement {
  return sql`SELECT * FROM cut_usage_period(${organizationId}, ${anchor}::timestamptz,
    ${asOf}::timestamptz)`;
}

export interface PlanAssignment {
  readonly organizationId: string;
  readonly planId: string;
  readonly planVersion: number;
  readonly interval: string;
  readonly currency: string;
}

/** Anchor, usage, overage policy, spend cap and overrides stay; what waited for a payment goes. */
export function updateSubscriptionPlan(row: PlanAssignment, asOf: Date): Statement {
  return sql`WITH assigned AS (
      UPDATE organization_subscriptions s SET plan_id = ${row.planId},
        plan_version = ${row.planVersion}::integer, interval = ${row.interval},
        currency = ${row.currency}, status = 'active', cancel_at_period_end = false,
        scheduled_change = NULL, pending_change = NULL, grace_ends_at = NULL,
        overdue_invoice_url = NULL, updated_at = ${asOf}::timestamptz,
        current_period_start = p.period_start, current_period_end = p.period_end
      FROM organization_subscriptions old
      CROSS JOIN LATERAL subscription_period(old.usage_anchor, ${asOf}::timestamptz,
                                             ${row.interval}) p
      WHERE s.organization_id = ${row.organizationId}
        AND old.organization_id = ${row.organizationId}
      RETURNING s.organization_id, s.plan_id
    )
    UPDATE organization o SET plan_id = assigned.plan_id, billing_status = 'ok'
    FROM assigned WHERE o.id = assigned.organization_id`;
}

export interface OverridesRow {
  readonly organizationId: string;
  readonly id: string;
  readonly author: { kind: string; id: string };
  readonly values: SetOverridesInput;
  readonly expiresAt: Date | null;
}

/** The whole set is replaced. */
export function updateOverrides(row: OverridesRow, asOf: Date): Statement {
  const { values } = row;
  return sql`UPDATE organization_subscriptions SET override_id = ${row.id},
      override_monthly_limit = ${stored(values.monthly_limit)}::bigint,
      override_concurrent_limit = ${stored(values.concurrent_limit)}::integer,
      override_max_file_size_mb = ${stored(values.max_file_size_mb)}::integer,
      override_overage_price = ${values.overage_price ?? null}::numeric,
      override_rate_limit_per_minute = ${stored(values.rate_limit_per_minute)}::integer,
      override_reason = ${values.reason}, override_author = ${JSON.stringify(row.author)}::jsonb,
      override_created_at = ${asOf}, override_expires_at = ${row.expiresAt}::timestamptz,
      updated_at = ${asOf}
    WHERE organization_id = ${row.organizationId}`;
}

/** NULL: the plan's value; -1: unlimited. */
function stored(value: number | 'unlimited' | null | undefined): number | null {
  return value === 'unlimited' ? -1 : (value ?? null);
}

export function deleteOverrides(organizationId: string, asOf: Date): Statement {
  return sql`UPDATE organization_subscriptions SET override_id = NULL,
      override_monthly_limit = NULL, override_concurrent_limit = NULL,
      override_max_file_size_mb = NULL, override_overage_price = NULL,
      override_rate_limit_per_minute = NULL, override_reason = NULL, override_author = NULL,
      override_created_at = NULL, override_expires_at = NULL, updated_at = ${asOf}
    WHERE organization_id = ${organizationId}`;
}

export function updateSuspension(
  organizationId: string,
  suspension: { at: Date; reason: string } | null,
): Statement {
  return sql`UPDATE organization SET suspended_at = ${suspension?.at ?? null}::timestamptz,
      suspended_reason = ${suspension?.reason ?? null}
    WHERE id = ${organizationId}`;
}
