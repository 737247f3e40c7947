import { sql, type Statement } from '../../../db/sql.ts';

export interface StatementHead {
  readonly name: string;
  readonly plan_name: string;
  readonly billing_email: string | null;
}

export function findStatementHead(organizationId: string): Statement {
  return sql`SELECT o.name, o.billing_email, p.name AS plan_name
    FROM organization o JOIN subscription_plans p ON p.id = o.plan_id
    WHERE o.id = ${organizationId}`;
}

export interface UsageRow {
  readonly period_start: string;
  readonly period_end: string;
  readonly type: string;
  readonly conversions: number;
  readonly overage: number;
}

/** What was counted in the usage periods that begin in `[from, to)`, by type. */
export function listUsageBetween(organizationId: string, from: string, to: string): Statement {
  return sql`SELECT h.period_start, coalesce(r.period_end, c.period_end) AS period_end, h.type,
      sum(h.conversions)::bigint AS conversions, sum(h.overage)::bigint AS overage
    FROM usage_hourly h
    LEFT JOIN usage_records r ON r.organization_id = h.organization_id
      AND r.period_start = h.period_start
    LEFT JOIN usage_counters c ON c.organization_id = h.organization_id
      AND c.period_start = h.period_start
    WHERE h.organization_id = ${organizationId}
      AND h.hour >= date_trunc('hour', ${from}::timestamptz, 'UTC')
      AND h.period_start >= ${from}::timestamptz AND h.period_start < ${to}::timestamptz
    GROUP BY 1, 2, 3 HAVING sum(h.conversions) > 0 ORDER BY 1, 3`;
}

export interface PriceRow {
  readonly type: string;
  readonly unit_amount: string;
  readonly plan_name: string;
  readonly plan_version: number;
  readonly override_id: string | null;
  readonly override_reason: string | null;
  readonly period_start: string;
  readonly quantity: number;
}

/** What the overage lines of an invoice are made of. */
export function listPricesOfInvoice(organizationId: string, invoiceId: string): Statement {
  return sql`SELECT b.type, b.unit_amount::text, p.name AS plan_name, s.plan_version,
      s.override_id, o.reason AS override_reason, b.period_start, s.quantity
    FROM invoice_lines l
    JOIN overage_bill_lines b ON b.organization_id = l.organization_id
      AND b.usage_period_start = l.bill_start AND b.position = l.bill_position
    CROSS JOIN LATERAL jsonb_to_recordset(b.sources)
      AS s (plan_id text, plan_version integer, override_id text, quantity bigint)
    JOIN subscription_plans p ON p.id = s.plan_id
    LEFT JOIN LATERAL (
      SELECT e.data -> 'after' ->> 'reason' AS reason FROM billing_events e
      WHERE e.organization_id = l.organization_id AND e.type = 'overrides.set'
        AND e.data -> 'after' ->> 'id' = s.override_id
      LIMIT 1
    ) o ON true
    WHERE l.organization_id = ${organizationId} AND l.invoice_id = ${invoiceId}
    ORDER BY l.position, s.plan_version, s.override_id NULLS FIRST`;
}
