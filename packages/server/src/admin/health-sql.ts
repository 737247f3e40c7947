import { sql, type Statement } from '../db/sql.ts';

/** Each process keeps one listener. Leases and attempts go by the wall clock, the rest by asOf. */
export function findQueues(asOf: Date): Statement {
  return sql`SELECT
      (SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'mutate listener')
        AS process_count,
      (SELECT jsonb_build_object(
          'queued', count(*) FILTER (WHERE state = 'queued'),
          'running', count(*) FILTER (WHERE state = 'running'),
          'oldest_queued_at', rfc3339(min(started_at) FILTER (WHERE state = 'queued')),
          'expired_leases', count(*) FILTER (WHERE lease_expires_at < clock_timestamp()))
       FROM active_conversions) AS conversions,
      jsonb_build_object(
        'announcements', (SELECT count(*) FROM outbox WHERE processed_at IS NULL),
        'payment_events', (SELECT count(*) FROM stripe_events WHERE processed_at IS NULL),
        'payment_events_failed', (SELECT count(*) FROM stripe_events
          WHERE processed_at IS NULL AND last_error IS NOT NULL),
        'extra_subscriptions', (SELECT count(*) FROM organization_subscriptions
          WHERE extra_subscription_ids <> '{}'),
        'due_work', (SELECT count(*) FROM due_work WHERE due_at <= ${asOf})) AS backlog,
      jsonb_build_object('version', current_setting('server_version'),
        'size_bytes', pg_database_size(current_database())) AS database`;
}

/** Refusals and failures since a day ago, by reason. */
export function listOutcomes(asOf: Date): Statement {
  return sql`SELECT outcome, reason, sum(count)::bigint AS count,
      count(DISTINCT organization_id) AS workspace_count
    FROM usage_outcomes WHERE hour > ${asOf}::timestamptz - interval '24 hours'
    GROUP BY outcome, reason ORDER BY count DESC, outcome, reason LIMIT 50`;
}

/** What was converted since a day ago, by type. */
export function listTypes(asOf: Date): Statement {
  return sql`SELECT type, sum(conversions)::bigint AS conversions, sum(failed)::bigint AS failed,
      coalesce(round(sum(duration_ms) / nullif(sum(conversions), 0)), 0)::bigint AS average_ms
    FROM usage_hourly WHERE hour > ${asOf}::timestamptz - interval '24 hours'
    GROUP BY type ORDER BY average_ms DESC, type LIMIT 50`;
}
