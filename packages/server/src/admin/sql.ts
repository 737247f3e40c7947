import { sql, type Statement } from '../db/sql.ts';

/** Subscription, usage and overrides of organizations, as the wire shows them. */
export function listDetails(organizationIds: readonly string[], asOf: Date): Statement {
  return sql`SELECT o.id, o.suspended_reason,
      subscription_object(o.id, ${asOf}::timestamptz) AS subscription,
      jsonb_build_object('period_start', rfc3339(u.period_start),
        'period_end', rfc3339(u.period_end), 'used', u.used, 'reserved', u.reserved,
        'overage', u.overage, 'limit', l.monthly_limit, 'active', u.active, 'queued', u.queued,
        'concurrent_limit', l.concurrent_limit) AS usage,
      overrides_object(o.id, ${asOf}::timestamptz) AS overrides, s.overage_charge_allowed,
      s.extra_subscription_ids,
      jsonb_build_object('currency', r.currency, 'recurring_minor', r.recurring_minor,
        'overage_accruing_minor', r.overage_accruing_minor) AS revenue
    FROM organization o
    JOIN organization_subscriptions s ON s.organization_id = o.id
    JOIN current_usage(${organizationIds}::text[], ${asOf}::timestamptz) u
      ON u.organization_id = o.id
    JOIN effective_limits(${organizationIds}::text[], ${asOf}::timestamptz) l
      ON l.organization_id = o.id
    JOIN workspace_revenue(${asOf}::timestamptz) r ON r.organization_id = o.id
    WHERE o.id = ANY (${organizationIds}::text[])`;
}
