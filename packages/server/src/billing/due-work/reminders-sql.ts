import { sql, type Statement } from '../../db/sql.ts';

/** What reminders are planned by. */
export interface ReminderFacts {
  readonly past_due_since: string | null;
  /** When a subscription that was cancelled ends; null: it goes on, or there is none. */
  readonly ends_at: string | null;
  /** What a subscription is charged to. */
  readonly payment_method: { readonly exp_month: number; readonly exp_year: number } | null;
}

export function findReminderFacts(organizationId: string): Statement {
  return sql`SELECT past_due_since,
      CASE WHEN cancel_at_period_end THEN current_period_end END AS ends_at,
      CASE WHEN stripe_subscription_id IS NOT NULL THEN payment_method END AS payment_method
    FROM organization_subscriptions WHERE organization_id = ${organizationId}`;
}

export interface OverdueInvoice {
  readonly invoice_id: string;
  readonly number: string | null;
  readonly total_minor: number;
  readonly amount_due_minor: number;
  readonly currency: string;
  readonly hosted_invoice_url: string | null;
  readonly grace_ends_at: string;
}

/** The oldest unpaid invoice of a workspace that is past due. */
export function findDebt(organizationId: string): Statement {
  return sql`SELECT i.id AS invoice_id, i.number, i.total_minor, i.amount_due_minor, i.currency,
      i.hosted_invoice_url, s.grace_ends_at
    FROM organization_subscriptions s
    JOIN invoices i USING (organization_id)
    WHERE s.organization_id = ${organizationId} AND s.status = 'past_due'
      AND s.grace_ends_at IS NOT NULL AND i.status = 'open' AND i.attempt_count > 0
    ORDER BY i.created_at, i.id LIMIT 1`;
}

export function findEnding(organizationId: string): Statement {
  return sql`SELECT s.current_period_end AS ends_at, p.name AS plan_name
    FROM organization_subscriptions s JOIN subscription_plans p ON p.id = s.plan_id
    WHERE s.organization_id = ${organizationId} AND s.cancel_at_period_end
      AND s.stripe_subscription_id IS NOT NULL`;
}

export function findCardOnFile(organizationId: string): Statement {
  return sql`SELECT stripe_payment_method_id, payment_method AS card
    FROM organization_subscriptions
    WHERE organization_id = ${organizationId} AND payment_method IS NOT NULL
      AND stripe_subscription_id IS NOT NULL`;
}
