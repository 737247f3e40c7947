import { sql, type Statement } from '../../db/sql.ts';

/** The subscription as it is kept, with the price it is at. */
export interface KeptPlan {
  readonly id: string;
  readonly plan_id: string;
  readonly plan_name: string;
  readonly plan_version: number;
  readonly status: string;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  /** Null: nothing is paid or owed in any yet. */
  readonly fixed_currency: string | null;
  readonly balance_minor: number;
  readonly current_period_end: string;
  readonly overdue_invoice_url: string | null;
  readonly stripe_customer_id: string | null;
  readonly stripe_subscription_id: string | null;
  readonly monthly_conversion_limit: number | null;
  /** Null: the plan has no such price, or the provider does not know it yet. */
  readonly amount_minor: number | null;
  readonly price_id: string | null;
}

export function findKeptPlan(organizationId: string): Statement {
  return sql`SELECT s.id, s.plan_id, p.name AS plan_name, s.plan_version, s.status, s.interval,
      s.currency, fixed_currency(s.organization_id) AS fixed_currency, s.balance_minor,
      s.current_period_end, s.overdue_invoice_url,
      s.stripe_customer_id, s.stripe_subscription_id, v.monthly_conversion_limit, c.amount_minor,
      x.price_id
    FROM organization_subscriptions s
    JOIN subscription_plans p ON p.id = s.plan_id
    JOIN subscription_plan_versions v ON v.plan_id = s.plan_id AND v.version = s.plan_version
    LEFT JOIN subscription_plan_prices c ON c.plan_id = s.plan_id AND c.version = s.plan_version
      AND c.currency = s.currency AND c.interval = s.interval
    LEFT JOIN stripe_prices x ON x.plan_id = s.plan_id AND x.version = s.plan_version
      AND x.currency = s.currency AND x.interval = s.interval
    WHERE s.organization_id = ${organizationId}`;
}

/** A plan that a workspace may be on, in the version that is sold. */
export interface PlanOnSale {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly self_service: boolean;
  readonly monthly_conversion_limit: number | null;
  readonly trial_days: number | null;
  readonly prices: readonly {
    readonly currency: string;
    readonly interval: 'month' | 'year';
    readonly amount_minor: number;
  }[];
}

export function findPlanOnSale(organizationId: string, planId: string): Statement {
  return sql`SELECT p.id, p.name, v.version, p.self_service, v.monthly_conversion_limit,
      (v.features ->> 'trial_days')::integer AS trial_days,
      coalesce((SELECT jsonb_agg(jsonb_build_object('currency', c.currency,
          'interval', c.interval, 'amount_minor', c.amount_minor))
        FROM subscription_plan_prices c
        WHERE c.plan_id = v.plan_id AND c.version = v.version), '[]') AS prices
    FROM subscription_plans p
    JOIN subscription_plan_versions v ON v.plan_id = p.id AND v.version = p.current_version
    WHERE p.id = ${planId} AND p.active
      AND (p.organization_id IS NULL OR p.organization_id = ${organizationId})`;
}

/** A change that was asked for; written before the provider is. */
export interface ChangeRow {
  readonly id: string;
  readonly kind: 'now' | 'period_end' | 'undo' | 'cancel' | 'resume' | 'end' | 'trial';
  readonly plan_id: string;
  readonly plan_version: number;
  readonly interval: 'month' | 'year';
  readonly currency: string;
  /** What the provider is told of time and money, so that a repeat says the very same. */
  readonly detail: Readonly<Record<string, unknown>>;
}

const changeColumns = sql`id, kind, plan_id, plan_version, interval, currency, detail`;

export function findChange(organizationId: string, id: string): Statement {
  return sql`SELECT ${changeColumns} FROM subscription_changes
    WHERE organization_id = ${organizationId} AND id = ${id}`;
}

export function insertChange(
  organizationId: string,
  change: ChangeRow,
  requestedBy: object,
  asOf: Date,
): Statement {
  return sql`INSERT INTO subscription_changes (organization_id, ${changeColumns}, requested_by,
      created_at)
    VALUES (${organizationId}, ${change.id}, ${change.kind}, ${change.plan_id},
      ${change.plan_version}::integer, ${change.interval}, ${change.currency},
      ${JSON.stringify(change.detail)}::jsonb, ${JSON.stringify(requestedBy)}::jsonb, ${asOf})`;
}

export interface UnfinishedChange extends ChangeRow {
  readonly created_at: string;
  readonly subscription_id: string;
  /** Another was asked for after it. */
  readonly is_overtaken: boolean;
}

export function findUnfinishedChange(organizationId: string, id: string): Statement {
  return sql`SELECT c.id, c.kind, c.plan_id, c.plan_version, c.interval, c.currency, c.detail,
      c.created_at, s.id AS subscription_id,
      EXISTS (SELECT 1 FROM subscription_changes n WHERE n.organization_id = c.organization_id
        AND n.created_at > c.created_at) AS is_overtaken
    FROM subscription_changes c
    JOIN organization_subscriptions s ON s.organization_id = c.organization_id
    WHERE c.organization_id = ${organizationId} AND c.id = ${id} AND c.finished_at IS NULL`;
}

/** The end of a subscription that was begun, and that nobody has seen through. */
export function findUnfinishedEnd(organizationId: string, subscriptionId: string): Statement {
  return sql`SELECT ${changeColumns} FROM subscription_changes
    WHERE organization_id = ${organizationId} AND kind = 'end' AND finished_at IS NULL
      AND detail ->> 'subscription' = ${subscriptionId}
    ORDER BY created_at LIMIT 1`;
}

/** Of the changes of plan that were made since: how many, and when the oldest of the last n. */
export function countChangesSince(organizationId: string, since: Date, last: number): Statement {
  return sql`SELECT count(*) AS count, min(created_at) AS oldest FROM (
      SELECT created_at FROM subscription_changes
      WHERE organization_id = ${organizationId} AND created_at > ${since}
        AND finished_at IS NOT NULL AND kind IN ('now', 'period_end', 'undo')
        AND requested_by ->> 'kind' <> 'super_admin'
      ORDER BY created_at DESC LIMIT ${last}::integer
    ) AS latest`;
}

export function finishChange(organizationId: string, id: string, asOf: Date): Statement {
  return sql`UPDATE subscription_changes SET finished_at = ${asOf}
    WHERE organization_id = ${organizationId} AND id = ${id} AND finished_at IS NULL
    RETURNING id`;
}

/** The billing period of a subscription that begins at a moment. */
export function findFirstPeriod(at: Date, interval: string): Statement {
  return sql`SELECT period_end
    FROM subscription_period(${at}::timestamptz, ${at}::timestamptz, ${interval})`;
}

/**
 * What came past the limit and is on no final invoice, in minor units: in the running usage period, in
 * closed ones whose bill is still open, and on bills.
 */
export function findAccruedOverage(organizationId: string, asOf: Date): Statement {
  return sql`SELECT r.overage_accruing_minor + coalesce((
      SELECT sum(coalesce(b.amount_minor, round_to_minor(u.overage_accrued, b.currency), 0))::bigint
      FROM overage_bills b
      LEFT JOIN LATERAL (
        SELECT c.overage_accrued FROM usage_records c
        WHERE c.organization_id = b.organization_id AND c.period_start = b.usage_period_start
        UNION ALL
        SELECT c.overage_accrued FROM usage_counters c
        WHERE c.organization_id = b.organization_id AND c.period_start = b.usage_period_start
          AND c.period_end <= ${asOf}::timestamptz
        LIMIT 1
      ) u ON true
      WHERE b.organization_id = r.organization_id AND b.state <> 'invoiced'
        AND coalesce(b.collected, true) AND b.currency = r.currency), 0) AS amount
    FROM workspace_revenue(${asOf}::timestamptz) r
    WHERE r.organization_id = ${organizationId}`;
}
