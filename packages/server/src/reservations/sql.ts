import { sql, type Statement } from '../db/sql.ts';

/** A row is the wire's `reservation`, with what only its verbs need beside it. */
export function findReservationById(organizationId: string, id: string): Statement {
  return sql`SELECT j.id, 'reservation' AS object, j.organization_id AS workspace_id,
      CASE j.status
        WHEN 'processing' THEN CASE WHEN a.unit_expires_at <= clock_timestamp() THEN 'expired'
          WHEN a.state = 'lapsed' OR a.lease_expires_at <= clock_timestamp() THEN 'lapsed'
          ELSE 'active' END
        WHEN 'succeeded' THEN 'completed'
        ELSE CASE j.error ->> 'code' WHEN 'expired' THEN 'expired' ELSE 'released' END
      END AS status,
      j.type, (j.input ->> 'size_bytes')::bigint AS size_bytes,
      a.lease_expires_at AS expires_at, a.unit_expires_at,
      jsonb_build_object('counted', j.counted, 'billed_as', j.billed_as,
        'unit_amount', j.unit_amount::text, 'currency', j.currency,
        'period_start', rfc3339(j.period_start)) AS usage,
      j.api_key_id, j.created_at, j.finished_at,
      (j.options ->> 'lease_seconds')::integer AS lease_seconds,
      least(1000 * extract(epoch FROM clock_timestamp() - a.started_at), 2147483647)::integer
        AS elapsed_ms
    FROM jobs j
    LEFT JOIN active_conversions a
      ON a.organization_id = j.organization_id AND a.job_id = j.id
    WHERE j.organization_id = ${organizationId} AND j.id = ${id} AND j.kind = 'external'`;
}

export function renewReservationById(
  place: { organizationId: string; id: string },
  settings: { leaseSeconds: number; unitSeconds: number; attemptsMax: number; asOf: Date },
): Statement {
  return sql`SELECT * FROM renew_reservation(
    _organization_id => ${place.organizationId}::text, _job_id => ${place.id}::text,
    _lease_seconds => ${settings.leaseSeconds}::integer,
    _unit_seconds => ${settings.unitSeconds}::integer,
    _attempts_max => ${settings.attemptsMax}::integer,
    _as_of => ${settings.asOf}::timestamptz)`;
}
