import { sql, type Statement } from '../db/sql.ts';
import type { ListAdminWorkspaces } from './schema.ts';

/** Ids of those that the filters let through, newest first; one more than asked for. */
export function listNewestIds(query: ListAdminWorkspaces): Statement {
  const after = query.starting_after ?? null;
  return sql`${chosen(query)} AND (${after}::text IS NULL OR o.id < ${after})
    ORDER BY o.id DESC LIMIT ${query.limit + 1}`;
}

/**
 * The same, most used first: by units, running ones included, or by their share of the limit; or who
 * pays most first, each currency by itself, since nothing is converted: the one that brings most, then
 * the next, then who pays nothing. Near the limit is who has taken 80 % of it. The figures of all that pass are read, so that one statement gives
 * one order: 10,000 busy workspaces take 0.3 s. Limits are asked for in small lots, since an array of
 * ids is searched from its beginning (in one lot: more than 30 s).
 */
export function listRankedIds(query: ListAdminWorkspaces, asOf: Date): Statement {
  const { near_limit: isNear = null, sort, starting_after: after = null } = query;
  const needsLimits = sort === 'share' || isNear !== null;
  return sql`WITH chosen AS MATERIALIZED (${chosen(query)}),
    used AS MATERIALIZED (
      SELECT u.organization_id AS id, u.used + u.reserved AS taken
      FROM ${lots(sql`SELECT id FROM chosen`, 500)}
      CROSS JOIN LATERAL current_usage(lots.ids, ${asOf}::timestamptz) u
    ), limits AS MATERIALIZED (
      SELECT l.organization_id AS id, l.monthly_limit
      FROM ${lots(sql`SELECT id FROM used WHERE taken > 0 AND ${needsLimits}::boolean`, 50)}
      CROSS JOIN LATERAL effective_limits(lots.ids, ${asOf}::timestamptz) l
    ), money AS MATERIALIZED (
      SELECT r.organization_id AS id, r.recurring_minor + r.overage_accruing_minor AS amount,
        sum(r.recurring_minor + r.overage_accruing_minor) OVER (PARTITION BY r.currency) AS total,
        r.currency
      FROM chosen
      JOIN workspace_revenue(${asOf}::timestamptz) r ON r.organization_id = chosen.id
      WHERE ${sort === 'revenue'}::boolean
    ), figures AS (
      SELECT u.id, u.taken, m.amount, dense_rank() OVER (ORDER BY m.total, m.currency) AS place, CASE WHEN l.monthly_limit = 0 THEN 1
        ELSE coalesce(u.taken::numeric / l.monthly_limit, 0) END AS share
      FROM used u LEFT JOIN limits l USING (id) LEFT JOIN money m USING (id)
    ), ranked AS (
      SELECT id, share, CASE ${sort}::text
          WHEN 'usage' THEN ARRAY[taken]
          WHEN 'share' THEN ARRAY[share]
          WHEN 'revenue' THEN CASE WHEN amount > 0 THEN ARRAY[place, amount] ELSE ARRAY[0] END
          ELSE ARRAY[0] END::numeric[] AS rank
      FROM figures
    )
    SELECT id FROM ranked
    WHERE (${isNear}::boolean IS NULL OR (share >= 0.8) = ${isNear}::boolean)
      AND (${after}::text IS NULL
        OR (rank, id) < (SELECT a.rank, a.id FROM ranked a WHERE a.id = ${after}))
    ORDER BY rank DESC, id DESC LIMIT ${query.limit + 1}`;
}

function lots(ids: Statement, size: number): Statement {
  return sql`(SELECT array_agg(id) AS ids
    FROM (SELECT id, row_number() OVER () AS number FROM (${ids}) i) n
    GROUP BY number / ${size}::integer OFFSET 0) lots`;
}

function chosen(query: ListAdminWorkspaces): Statement {
  const search = query.search ?? null;
  const planId = query.plan_id ?? null;
  const status = query.billing_status ?? null;
  const hasExtra = query.extra_subscriptions ?? null;
  return sql`SELECT o.id FROM organization o
    WHERE o.deleted_at IS NULL AND (${search}::text IS NULL OR o.id = ${search}
        OR strpos(lower(o.name), lower(${search})) > 0 OR strpos(o.slug, lower(${search})) > 0
        OR lower(o.billing_email) = lower(${search}))
      AND (${planId}::text IS NULL OR o.plan_id = ${planId})
      AND (${status}::text IS NULL
        OR CASE WHEN o.suspended_at IS NOT NULL THEN 'suspended' ELSE o.billing_status END
          = ${status})
      AND (${hasExtra}::boolean IS NULL OR EXISTS (SELECT FROM organization_subscriptions s
        WHERE s.organization_id = o.id AND s.extra_subscription_ids <> '{}') = ${hasExtra})`;
}
