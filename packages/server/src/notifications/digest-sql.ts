import { sql, type Statement } from '../db/sql.ts';

/** Workspaces in which somebody wants the digest. */
export function listOrganizationsWithDigest(after: string, limit: number): Statement {
  return sql`SELECT o.id, o.time_zone FROM organization o
    WHERE o.id > ${after} AND EXISTS (
      SELECT FROM notification_preferences p JOIN member m USING (organization_id, user_id)
      WHERE p.organization_id = o.id AND p.category = 'digest' AND p.enabled)
    ORDER BY o.id LIMIT ${limit}::integer`;
}

/** The last Monday, 08:00 of the workspace's time, that has passed: the week before it is told. */
export function findDigestWeek(timeZone: string, asOf: Date): Statement {
  return sql`SELECT to_char(w.monday, 'YYYY-MM-DD') AS monday, (w.monday AT TIME ZONE ${timeZone}) AS week_end,
      ((w.monday - interval '7 days') AT TIME ZONE ${timeZone}) AS week_start,
      ((w.monday - interval '14 days') AT TIME ZONE ${timeZone}) AS previous_start
    FROM (SELECT date_trunc('week', (${asOf}::timestamptz AT TIME ZONE ${timeZone})
                                      - interval '8 hours') AS monday) w`;
}

export interface WeekRange {
  /** The workspace's date at the end of the week. */
  readonly monday: string;
  readonly previous_start: string;
  readonly week_start: string;
  readonly week_end: string;
}

/** The week's conversions by type, the one before in all, and where the period stands. */
export function findUsageOfWeek(organizationId: string, week: WeekRange, asOf: Date): Statement {
  return sql`WITH hours AS (
      SELECT h.type, h.conversions, h.failed, h.hour >= ${week.week_start}::timestamptz AS is_week
      FROM usage_hourly h
      WHERE h.organization_id = ${organizationId}
        AND h.hour >= ${week.previous_start}::timestamptz AND h.hour < ${week.week_end}::timestamptz
    ), types AS (
      SELECT type, sum(conversions)::bigint AS conversions FROM hours
      WHERE is_week GROUP BY type HAVING sum(conversions) > 0
      ORDER BY 2 DESC, 1 LIMIT 5
    )
    SELECT coalesce((SELECT sum(conversions) FROM hours WHERE is_week), 0)::bigint AS conversions,
      coalesce((SELECT sum(conversions) FROM hours WHERE NOT is_week), 0)::bigint
        AS previous_conversions,
      coalesce((SELECT sum(failed) FROM hours WHERE is_week), 0)::bigint AS failed,
      coalesce((SELECT jsonb_agg(jsonb_build_object('type', type, 'conversions', conversions)
        ORDER BY conversions DESC, type) FROM types), '[]') AS by_type,
      jsonb_build_object('used', u.used, 'limit', l.monthly_limit, 'end', rfc3339(u.period_end))
        AS period
    FROM current_usage(ARRAY[${organizationId}]::text[], ${asOf}::timestamptz) u
    JOIN effective_limits(ARRAY[${organizationId}]::text[], ${asOf}::timestamptz) l
      USING (organization_id)`;
}
