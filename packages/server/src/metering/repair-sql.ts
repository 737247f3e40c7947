import { sql, type Statement } from '../db/sql.ts';

export function lockForRepair(organizationId: string, asOf: Date): Statement {
  return sql`SELECT lock_organizations(ARRAY[${organizationId}]::text[], ${asOf}::timestamptz)`;
}

export function deleteReservationsOfEndedJobs(organizationId: string): Statement {
  return sql`DELETE FROM active_conversions a
    WHERE a.organization_id = ${organizationId} AND NOT EXISTS (
      SELECT FROM jobs j WHERE j.organization_id = ${organizationId} AND j.id = a.job_id
        AND j.status IN ('queued', 'processing'))
    RETURNING a.job_id AS id`;
}

/** Jobs that are alive and whose reservation is gone or says something else. */
export function listStrandedJobs(organizationId: string): Statement {
  return sql`SELECT j.id, a.job_id IS NOT NULL AND j.kind = 'conversion' AND j.mode = 'async'
      AS can_be_queued
    FROM jobs j
    LEFT JOIN active_conversions a ON a.organization_id = ${organizationId} AND a.job_id = j.id
    WHERE j.organization_id = ${organizationId} AND j.status IN ('queued', 'processing')
      AND (a.state IS NULL
           OR CASE a.state WHEN 'queued' THEN 'queued' ELSE 'processing' END <> j.status)
    ORDER BY j.id`;
}

/** Whatever attempt there was is void; the counters are recomputed afterwards. */
export function requeueStrandedJobs(organizationId: string, jobIds: readonly string[]): Statement {
  return sql`WITH requeued AS (
      UPDATE jobs SET status = 'queued', fence = fence + 1, progress = NULL
      WHERE organization_id = ${organizationId} AND id = ANY (${jobIds}::text[])
    )
    UPDATE active_conversions SET state = 'queued', lease_expires_at = NULL, not_before = NULL
    WHERE organization_id = ${organizationId} AND job_id = ANY (${jobIds}::text[])`;
}

export function endStrandedJobs(
  organizationId: string,
  jobIds: readonly string[],
  error: object,
  asOf: Date,
): Statement {
  return sql`SELECT end_reservation(${organizationId}::text, id, 'failed',
      ${JSON.stringify(error)}::jsonb, 'interrupted', ${asOf}::timestamptz)
    FROM unnest(${jobIds}::text[]) AS x (id)`;
}

const eventSums = (organizationId: string) => sql`
  SELECT period_start, count(*) AS conversions,
    count(*) FILTER (WHERE billed_as = 'overage') AS overage,
    coalesce(sum(unit_amount), 0) AS accrued
  FROM usage_events WHERE organization_id = ${organizationId} GROUP BY period_start`;

const reservationSums = (organizationId: string) => sql`
  SELECT period_start, count(*) AS units, sum(overage_reserved) AS amount
  FROM active_conversions WHERE organization_id = ${organizationId} GROUP BY period_start`;

/** The hot row, as events and reservations say. A row if it was something else. */
export function recomputeCounters(organizationId: string): Statement {
  return sql`WITH truth AS (
      SELECT coalesce(e.conversions, 0) AS used, coalesce(e.overage, 0) AS overage,
        coalesce(e.accrued, 0) AS accrued, coalesce(r.units, 0) AS reserved,
        coalesce(r.amount, 0) AS amount, s.running, s.waiting
      FROM usage_counters c
      LEFT JOIN (${eventSums(organizationId)}) e ON e.period_start = c.period_start
      LEFT JOIN (${reservationSums(organizationId)}) r ON r.period_start = c.period_start
      CROSS JOIN (
        SELECT (count(*) FILTER (WHERE state = 'running'))::integer AS running,
          (count(*) FILTER (WHERE state = 'queued'))::integer AS waiting
        FROM active_conversions WHERE organization_id = ${organizationId}
      ) s
      WHERE c.organization_id = ${organizationId}
    )
    UPDATE usage_counters c SET used = t.used, overage = t.overage, overage_accrued = t.accrued,
      reserved = t.reserved, overage_reserved = t.amount, active = t.running, queued = t.waiting
    FROM truth t
    WHERE c.organization_id = ${organizationId}
      AND (c.used, c.overage, c.overage_accrued, c.reserved, c.overage_reserved, c.active,
           c.queued)
       <> (t.used, t.overage, t.accrued, t.reserved, t.amount, t.running, t.waiting)
    RETURNING c.period_start AS id`;
}

/** Closed periods; one that is missing is made where the anchor still has it. */
export function recomputeRecords(organizationId: string): Statement {
  return sql`WITH truth AS (
      SELECT p.period_start, coalesce(e.conversions, 0) AS conversions,
        coalesce(e.overage, 0) AS overage, coalesce(e.accrued, 0) AS accrued,
        coalesce(r.units, 0) AS units, coalesce(r.amount, 0) AS amount
      FROM (
        SELECT period_start FROM usage_records WHERE organization_id = ${organizationId}
        UNION SELECT period_start FROM usage_events WHERE organization_id = ${organizationId}
        UNION SELECT period_start FROM active_conversions WHERE organization_id = ${organizationId}
      ) p
      LEFT JOIN (${eventSums(organizationId)}) e USING (period_start)
      LEFT JOIN (${reservationSums(organizationId)}) r USING (period_start)
      WHERE p.period_start < (SELECT period_start FROM usage_counters
                              WHERE organization_id = ${organizationId})
    )
    INSERT INTO usage_records AS u (organization_id, period_start, period_end, month, year,
      conversion_count, overage_count, reserved, overage_accrued, overage_reserved)
    SELECT ${organizationId}, t.period_start, coalesce(k.period_end, p.period_end),
      extract(month FROM t.period_start AT TIME ZONE 'UTC'),
      extract(year FROM t.period_start AT TIME ZONE 'UTC'), t.conversions, t.overage, t.units,
      t.accrued, t.amount
    FROM truth t
    JOIN organization_subscriptions s ON s.organization_id = ${organizationId}
    CROSS JOIN LATERAL usage_period(s.usage_anchor, t.period_start) p
    LEFT JOIN usage_records k
      ON k.organization_id = ${organizationId} AND k.period_start = t.period_start
    WHERE k.period_start IS NOT NULL OR p.period_start = t.period_start
    ON CONFLICT (organization_id, period_start) DO UPDATE SET
      conversion_count = excluded.conversion_count, overage_count = excluded.overage_count,
      reserved = excluded.reserved, overage_accrued = excluded.overage_accrued,
      overage_reserved = excluded.overage_reserved
    WHERE (u.conversion_count, u.overage_count, u.reserved, u.overage_accrued, u.overage_reserved)
       <> (excluded.conversion_count, excluded.overage_count, excluded.reserved,
           excluded.overage_accrued, excluded.overage_reserved)
    RETURNING u.period_start AS id`;
}

/** The rollup by type; failures are counted nowhere else and stay as they are. */
export function recomputeTypeRollup(organizationId: string): Statement {
  return sql`INSERT INTO usage_hourly AS u (organization_id, hour, type, period_start, conversions,
      overage, bytes_in, bytes_out, duration_ms)
    SELECT ${organizationId}, hour, type, period_start, coalesce(e.conversions, 0),
      coalesce(e.overage, 0), coalesce(e.bytes_in, 0), coalesce(e.bytes_out, 0),
      coalesce(e.duration_ms, 0)
    FROM (SELECT hour, type, period_start FROM usage_hourly
          WHERE organization_id = ${organizationId}) u
    FULL JOIN (
      SELECT date_trunc('hour', admitted_at, 'UTC') AS hour, type, period_start,
        count(*) AS conversions, count(*) FILTER (WHERE billed_as = 'overage') AS overage,
        sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out, sum(duration_ms) AS duration_ms
      FROM usage_events WHERE organization_id = ${organizationId} GROUP BY 1, 2, 3
    ) e USING (hour, type, period_start)
    ON CONFLICT (organization_id, hour, type, period_start) DO UPDATE SET
      conversions = excluded.conversions, overage = excluded.overage,
      bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out,
      duration_ms = excluded.duration_ms
    WHERE (u.conversions, u.overage, u.bytes_in, u.bytes_out, u.duration_ms)
       <> (excluded.conversions, excluded.overage, excluded.bytes_in, excluded.bytes_out,
           excluded.duration_ms)
    RETURNING u.type AS id`;
}

/** What was summed by the day from rollups that were wrong. */
export function forgetDays(organizationId: string): Statement {
  return sql`SELECT forget_usage_days(${organizationId}::text)`;
}

/** The rollup by who asked. */
export function recomputeActorRollup(organizationId: string): Statement {
  return sql`INSERT INTO api_key_usage AS u (organization_id, actor_id, hour, period_start,
      conversions, overage, bytes_in, bytes_out)
    SELECT ${organizationId}, actor_id, hour, period_start, coalesce(e.conversions, 0),
      coalesce(e.overage, 0), coalesce(e.bytes_in, 0), coalesce(e.bytes_out, 0)
    FROM (SELECT actor_id, hour, period_start FROM api_key_usage
          WHERE organization_id = ${organizationId}) u
    FULL JOIN (
      SELECT coalesce(api_key_id, member_id, '') AS actor_id,
        date_trunc('hour', admitted_at, 'UTC') AS hour, period_start, count(*) AS conversions,
        count(*) FILTER (WHERE billed_as = 'overage') AS overage, sum(bytes_in) AS bytes_in,
        sum(bytes_out) AS bytes_out
      FROM usage_events WHERE organization_id = ${organizationId} GROUP BY 1, 2, 3
    ) e USING (actor_id, hour, period_start)
    ON CONFLICT (organization_id, actor_id, hour, period_start) DO UPDATE SET
      conversions = excluded.conversions, overage = excluded.overage,
      bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out
    WHERE (u.conversions, u.overage, u.bytes_in, u.bytes_out)
       <> (excluded.conversions, excluded.overage, excluded.bytes_in, excluded.bytes_out)
    RETURNING u.actor_id AS id`;
}

/** A page of the organizations, in id order. */
export function listOrganizationIds(after: string, limit: number): Statement {
  return sql`SELECT id, name FROM organization WHERE id > ${after} ORDER BY id
    LIMIT ${limit}::integer`;
}

export function listAuditChains(): Statement {
  return sql`SELECT chain_id AS id FROM audit_heads
    UNION SELECT DISTINCT chain_id FROM audit_log ORDER BY id`;
}
