import { sql } from '../db/sql.ts';
import type { Statement } from '../db/sql.ts';
import type { WindowCall } from './rate-limit-window.ts';

/** Answer of {@link countRequests}; rows come in any order. */
export interface WindowRow {
  readonly key: string;
  readonly used_before: number;
  readonly ms_left: number;
}

/**
 * Counts the requests of several keys, each key once in `calls`. A key's minute begins with its
 * first request. Rows are locked in key order, so that several servers cannot deadlock.
 *
 * One time for the whole statement: a statement that waited for a row may be older than the window
 * it finds there. A window that ends far in the future is of a clock that was set back since.
 */
export function countRequests(calls: readonly WindowCall[]): Statement {
  return sql`
    INSERT INTO rate_windows AS w (key, used, used_before, request_limit, ends_at)
    SELECT key, least(requests, request_limit), 0, request_limit,
      statement_timestamp() + interval '60 seconds'
    FROM unnest(${calls.map((call) => call.key)}::text[],
      ${calls.map((call) => call.requests)}::bigint[],
      ${calls.map((call) => call.requestLimit)}::bigint[]) AS c (key, requests, request_limit)
    ORDER BY key COLLATE "C"
    ON CONFLICT (key) DO UPDATE SET (used, used_before, request_limit, ends_at) = (
      SELECT
        CASE WHEN is_running
          THEN least(w.used + excluded.used, greatest(w.used, excluded.request_limit))
          ELSE excluded.used END,
        CASE WHEN is_running THEN w.used ELSE 0 END,
        excluded.request_limit,
        CASE WHEN is_running THEN w.ends_at ELSE excluded.ends_at END
      FROM (SELECT w.ends_at > statement_timestamp()
        AND w.ends_at < statement_timestamp() + interval '2 minutes' AS is_running) AS state)
    RETURNING key, used_before,
      (extract(epoch FROM ends_at - statement_timestamp()) * 1000)::float8 AS ms_left`;
}

/** Never waits for a row that is being counted on, so it cannot deadlock with that. */
export function deleteWindowsOver(): Statement {
  return sql`DELETE FROM rate_windows WHERE key IN (
    SELECT key FROM rate_windows WHERE ends_at < statement_timestamp() - interval '1 minute'
    LIMIT 100000 FOR UPDATE SKIP LOCKED)`;
}
