import { sql, type Statement } from '../../db/sql.ts';
import type { SubscriptionFacts } from './sql.ts';

/**
 * Keeps what a change of a subscription did to what recurs, where it did something. One that is tried
 * or was ended brings nothing. Another currency is a loss in the one and a gain in the other.
 */
export function insertRevenueChange(
  organizationId: string,
  number: number,
  { before, after }: { before: SubscriptionFacts; after: SubscriptionFacts },
  asOf: Date,
): Statement {
  return sql`WITH amounts AS (
      SELECT s.side, s.currency,
        coalesce(p.amount_minor, 0) / CASE s.interval WHEN 'year' THEN 12::numeric ELSE 1 END
          AS monthly
      FROM (VALUES ${sideOf('before', before)}, ${sideOf('after', after)})
        s (side, plan_id, version, currency, interval, is_paid)
      LEFT JOIN subscription_plan_prices p ON p.plan_id = s.plan_id AND p.version = s.version
        AND p.currency = s.currency AND p.interval = s.interval
      WHERE s.is_paid
    )
    INSERT INTO recurring_revenue_changes (organization_id, number, currency, changed_at,
      monthly_before, monthly_after)
    SELECT ${organizationId}, ${number}::bigint, currency, ${asOf},
      max(monthly) FILTER (WHERE side = 'before'), max(monthly) FILTER (WHERE side = 'after')
    FROM amounts GROUP BY currency
    HAVING max(monthly) FILTER (WHERE side = 'before')
      IS DISTINCT FROM max(monthly) FILTER (WHERE side = 'after')`;
}

function sideOf(side: string, facts: SubscriptionFacts): Statement {
  const isPaid =
    facts.stripe_subscription_id !== null &&
    ['active', 'past_due', 'unpaid'].includes(facts.status);
  return sql`(${side}::text, ${facts.plan_id}::text, ${facts.plan_version}::integer,
    ${facts.currency}::text, ${facts.interval}::text, ${isPaid}::boolean)`;
}
