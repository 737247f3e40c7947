import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';

export interface BillingSettings {
  readonly billing_email: string | null;
  readonly spend_cap_minor: number | null;
  readonly overage_policy: 'block' | 'warn' | 'charge';
}

/** A row is the wire's `billing`, with the super admin's word beside it. */
export function findBillingOfOrganization(organizationId: string): Statement {
  return sql`SELECT 'billing' AS object, o.id AS workspace_id,
      CASE WHEN o.suspended_at IS NOT NULL OR o.billing_status = 'suspended'
             OR s.status = 'unpaid' THEN 'suspended'
           WHEN o.billing_status = 'past_due' OR s.status = 'past_due' THEN 'past_due'
           ELSE 'ok' END AS status,
      o.billing_email, s.currency, s.balance_minor, s.payment_method,
      payment_method_missing(o.id), NULL AS next_invoice, s.overage_policy, s.spend_cap_minor,
      s.overage_charge_allowed
    FROM organization o
    JOIN organization_subscriptions s ON s.organization_id = o.id
    WHERE o.id = ${organizationId}`;
}

/** What decides which overage policies the organization may choose. */
export function findOverageTerms(organizationId: string, asOf: Date): Statement {
  return sql`SELECT l.plan_name, v.overage_policies, l.unit_amount, l.currency,
      s.overage_charge_allowed, s.payment_method IS NOT NULL AND NOT s.card_being_removed AS has_payment_method
    FROM effective_limits(${[organizationId]}::text[], ${asOf}::timestamptz) l
    JOIN subscription_plan_versions v ON v.plan_id = l.plan_id AND v.version = l.plan_version
    JOIN organization_subscriptions s ON s.organization_id = l.organization_id`;
}

export function updateBillingSettings(
  organizationId: string,
  settings: BillingSettings,
  asOf: Date,
): Statement {
  return sql`WITH subscription AS (
      UPDATE organization_subscriptions SET overage_policy = ${settings.overage_policy},
        spend_cap_minor = ${settings.spend_cap_minor}::bigint, updated_at = ${asOf}
      WHERE organization_id = ${organizationId}
    )
    UPDATE organization SET billing_email = ${settings.billing_email}::text
    WHERE id = ${organizationId}`;
}

/** Without the word and without a payment method nothing can be charged. */
export function updateOverageChargeAllowed(
  organizationId: string,
  allowed: boolean,
  asOf: Date,
): Statement {
  return sql`UPDATE organization_subscriptions SET overage_charge_allowed = ${allowed}::boolean,
      overage_policy = CASE WHEN overage_policy = 'charge' AND NOT ${allowed}::boolean
          AND (payment_method IS NULL OR card_being_removed)
        THEN 'block' ELSE overage_policy END,
      updated_at = ${asOf}
    WHERE organization_id = ${organizationId}`;
}

/** Newest first; one more than asked for. */
export function listBillingEventsOfOrganization(
  organizationId: string,
  page: ListQuery,
  type: string | null,
): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT id, 'billing_event' AS object, organization_id AS workspace_id, type, summary,
      data, created_at
    FROM billing_events
    WHERE organization_id = ${organizationId} AND (${after}::text IS NULL OR id < ${after})
      AND (${type}::text IS NULL OR type = ${type})
    ORDER BY id DESC LIMIT ${page.limit + 1}`;
}
