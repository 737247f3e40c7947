import { sql, type Statement } from '../db/sql.ts';

/** Subscriptions that are paid for, with what they cost a month: exact, in minor units. */
const paying = sql`SELECT s.plan_id, s.status, s.currency, s.cancel_at_period_end,
    p.amount_minor / CASE s.interval WHEN 'year' THEN 12::numeric ELSE 1 END AS monthly
  FROM organization_subscriptions s
  JOIN subscription_plan_prices p ON p.plan_id = s.plan_id AND p.version = s.plan_version
    AND p.currency = s.currency AND p.interval = s.interval
  WHERE s.stripe_subscription_id IS NOT NULL
    AND s.status IN ('trialing', 'active', 'past_due', 'unpaid')`;

/** A row a currency, the largest first; rounded once, half up. */
export function listRevenueByCurrency(asOf: Date): Statement {
  return sql`WITH paying AS (${paying}), recurring AS (
      SELECT currency,
        round(sum(monthly) FILTER (WHERE status <> 'trialing')) AS total,
        round(sum(monthly) FILTER (WHERE status IN ('past_due', 'unpaid'))) AS past_due,
        round(sum(monthly) FILTER (WHERE status <> 'trialing' AND cancel_at_period_end)) AS ending,
        count(*) FILTER (WHERE status <> 'trialing') AS paying,
        count(*) FILTER (WHERE status = 'trialing') AS trialing
      FROM paying GROUP BY currency
    ), accruing AS (
      SELECT s.currency, round_to_minor(sum(u.overage_accrued), s.currency) AS amount
      FROM usage_counters u JOIN organization_subscriptions s USING (organization_id)
      WHERE u.overage_accrued > 0 AND u.period_end > ${asOf} GROUP BY s.currency
    ), billed AS (
      SELECT currency, sum(amount_minor) AS amount FROM overage_bills
      WHERE collected AND sealed_at > ${asOf}::timestamptz - interval '30 days' GROUP BY currency
    ), paid AS (
      SELECT currency, sum(amount_paid_minor - credited_minor) AS amount FROM invoices
      WHERE paid_at > ${asOf}::timestamptz - interval '30 days' GROUP BY currency
    )
    SELECT c.currency, coalesce(r.total, 0)::bigint AS recurring_minor,
      coalesce(r.past_due, 0)::bigint AS recurring_past_due_minor,
      coalesce(r.ending, 0)::bigint AS recurring_ending_minor,
      coalesce(r.paying, 0) AS paying_count, coalesce(r.trialing, 0) AS trialing_count,
      coalesce(a.amount, 0)::bigint AS overage_accruing_minor,
      coalesce(b.amount, 0)::bigint AS overage_billed_minor,
      coalesce(p.amount, 0)::bigint AS paid_minor
    FROM (SELECT currency FROM recurring UNION SELECT currency FROM accruing
          UNION SELECT currency FROM billed UNION SELECT currency FROM paid) c
    LEFT JOIN recurring r USING (currency) LEFT JOIN accruing a USING (currency)
    LEFT JOIN billed b USING (currency) LEFT JOIN paid p USING (currency)
    ORDER BY recurring_minor DESC, c.currency`;
}

/** A row a plan and currency that somebody pays for. */
export function listRevenueByPlan(): Statement {
  return sql`WITH paying AS (${paying})
    SELECT s.plan_id, n.name, s.currency, count(*) AS paying_count,
      round(sum(s.monthly))::bigint AS recurring_minor
    FROM paying s JOIN subscription_plans n ON n.id = s.plan_id
    WHERE s.status <> 'trialing' GROUP BY s.plan_id, n.name, s.currency
    ORDER BY s.currency, recurring_minor DESC`;
}
