import { sql, type Statement } from '../db/sql.ts';

/** Subscriptions that are paid for or tried, with what they cost a month: exact, in minor units. */
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

/**
 * What came and went, a row a month (UTC) and currency, the newest month first. Who comes back counts
 * as new. The sums before the first month shown are summed too, so that each month has its beginning.
 */
export function listRevenueByMonth(asOf: Date, months: number): Statement {
  return sql`WITH changes AS (
      SELECT currency, date_trunc('month', changed_at AT TIME ZONE 'UTC') AS month,
        count(*) FILTER (WHERE monthly_before IS NULL) AS new_count,
        coalesce(sum(monthly_after) FILTER (WHERE monthly_before IS NULL), 0) AS new_amount,
        coalesce(sum(greatest(monthly_after - monthly_before, 0)), 0) AS more,
        coalesce(sum(greatest(monthly_before - monthly_after, 0)), 0) AS less,
        count(*) FILTER (WHERE monthly_after IS NULL) AS lost_count,
        coalesce(sum(monthly_before) FILTER (WHERE monthly_after IS NULL), 0) AS lost
      FROM recurring_revenue_changes WHERE changed_at <= ${asOf} GROUP BY 1, 2
    ), series AS (
      SELECT f.currency, m.month
      FROM (SELECT currency, min(month) AS month FROM changes GROUP BY currency) f
      CROSS JOIN LATERAL generate_series(f.month,
        date_trunc('month', ${asOf}::timestamptz AT TIME ZONE 'UTC'), '1 month') m (month)
    ), summed AS (
      SELECT s.currency, s.month, coalesce(c.new_count, 0) AS new_count,
        coalesce(c.new_amount, 0) AS new_amount, coalesce(c.more, 0) AS more,
        coalesce(c.less, 0) AS less, coalesce(c.lost_count, 0) AS lost_count,
        coalesce(c.lost, 0) AS lost,
        coalesce(sum(c.new_count - c.lost_count) OVER earlier, 0) AS paying_count,
        coalesce(sum(c.new_amount + c.more - c.less - c.lost) OVER earlier, 0) AS recurring
      FROM series s LEFT JOIN changes c USING (currency, month)
      WINDOW earlier AS (PARTITION BY s.currency ORDER BY s.month
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    SELECT to_char(month, 'YYYY-MM') AS month, currency, paying_count::bigint AS paying_start_count,
      round(recurring)::bigint AS recurring_start_minor, new_count,
      round(new_amount)::bigint AS new_minor, round(more)::bigint AS expansion_minor,
      round(less)::bigint AS contraction_minor, lost_count, round(lost)::bigint AS lost_minor
    FROM summed
    WHERE month > ${asOf}::timestamptz AT TIME ZONE 'UTC' - make_interval(months => ${months}::integer)
    ORDER BY month DESC, currency`;
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
