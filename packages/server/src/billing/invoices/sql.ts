import { sql, type Statement } from '../../db/sql.ts';
import type { ListQuery } from '../../http/list.ts';

/** Newest first; one more than asked for. */
export function listInvoicesOfOrganization(organizationId: string, page: ListQuery): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT invoice_object(i.organization_id, i.id, false) AS invoice FROM invoices i
    WHERE i.organization_id = ${organizationId}
      AND (${after}::text IS NULL OR (i.created_at, i.id) < (
        SELECT c.created_at, c.id FROM invoices c
        WHERE c.organization_id = ${organizationId} AND c.id = ${after}))
    ORDER BY i.created_at DESC, i.id DESC LIMIT ${page.limit + 1}`;
}

/** With its lines; NULL where there is none. */
export function findInvoiceById(organizationId: string, invoiceId: string): Statement {
  return sql`SELECT invoice_object(${organizationId}, ${invoiceId}, true) AS invoice`;
}

/**
 * Behind a line: which plan versions and overrides, and how many conversions of each. An override
 * that is no more stands in the billing history, as it was set.
 */
export function listLineSources(
  organizationId: string,
  invoiceId: string,
  lineId: string,
): Statement {
  return sql`WITH line AS (
      SELECT * FROM invoice_lines WHERE organization_id = ${organizationId}
        AND invoice_id = ${invoiceId} AND id = ${lineId}
    ), sources AS (
      SELECT s.plan_id, s.plan_version, s.override_id, s.quantity
      FROM line l
      JOIN overage_bill_lines b ON b.organization_id = l.organization_id
        AND b.usage_period_start = l.bill_start AND b.position = l.bill_position
      CROSS JOIN LATERAL jsonb_to_recordset(b.sources)
        AS s (plan_id text, plan_version integer, override_id text, quantity bigint)
      UNION ALL
      SELECT p.plan_id, p.version, NULL, NULL
      FROM line l JOIN stripe_prices p ON p.price_id = l.stripe_price_id
    )
    SELECT jsonb_build_object('id', p.id, 'name', p.name, 'version', s.plan_version) AS plan,
      s.quantity, CASE WHEN s.override_id IS NOT NULL THEN jsonb_build_object(
        'id', s.override_id, 'overage_price', o.data ->> 'overage_price',
        'reason', o.data ->> 'reason', 'author', o.data -> 'author',
        'created_at', o.data ->> 'created_at', 'expires_at', o.data ->> 'expires_at')
      END AS override
    FROM sources s
    JOIN subscription_plans p ON p.id = s.plan_id
    LEFT JOIN LATERAL (
      SELECT e.data -> 'after' AS data FROM billing_events e
      WHERE e.organization_id = ${organizationId} AND e.type = 'overrides.set'
        AND e.data -> 'after' ->> 'id' = s.override_id
      LIMIT 1
    ) o ON true
    ORDER BY p.id, s.plan_version, s.override_id NULLS FIRST`;
}

/** The sum before it was rounded. */
export function findExactAmount(unitAmount: string, quantity: number, currency: string): Statement {
  return sql`SELECT trim_scale(${unitAmount}::numeric * ${quantity}::bigint
    * power(10::numeric, minor_unit_exponent(${currency})))::text AS exact_minor`;
}

/** Newest first; one more than asked for. */
export function listCountedConversions(
  organizationId: string,
  line: { invoiceId: string; lineId: string },
  page: ListQuery,
): Statement {
  const after = page.starting_after ?? null;
  return sql`SELECT e.job_id AS id, 'counted_conversion' AS object, e.type, e.admitted_at,
      e.completed_at, trim_scale(e.unit_amount)::text AS unit_amount, e.plan_version, e.override_id,
      e.api_key_id, e.member_id
    FROM invoice_lines l
    JOIN overage_bill_lines b ON b.organization_id = l.organization_id
      AND b.usage_period_start = l.bill_start AND b.position = l.bill_position
    JOIN usage_events e ON e.organization_id = b.organization_id
      AND e.bill_start = b.usage_period_start AND e.type = b.type
      AND e.unit_amount = b.unit_amount AND e.currency = b.currency
      AND e.period_start = b.period_start
    WHERE l.organization_id = ${organizationId} AND l.invoice_id = ${line.invoiceId}
      AND l.id = ${line.lineId} AND e.organization_id = ${organizationId}
      AND (${after}::text IS NULL OR (e.admitted_at, e.job_id) < (
        SELECT j.created_at, j.id FROM jobs j
        WHERE j.organization_id = ${organizationId} AND j.id = ${after}))
    ORDER BY e.admitted_at DESC, e.job_id DESC LIMIT ${page.limit + 1}`;
}
