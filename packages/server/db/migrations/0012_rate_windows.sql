-- Requests of the running minute, by key or address; written by http/rate-limit-sql.ts alone.
-- Unlogged: no count is worth a flush to disk, and after a crash of the database the minute starts
-- anew. Wall clock throughout.
CREATE UNLOGGED TABLE rate_windows (
  key text COLLATE "C" PRIMARY KEY,
  -- Requests let through in this window; refused ones are not counted.
  used bigint NOT NULL,
  -- The same before the last statement: RETURNING sees new values only (until PostgreSQL 18).
  used_before bigint NOT NULL,
  -- As the last caller knew it; it changes with plan and override.
  request_limit bigint NOT NULL,
  ends_at timestamptz NOT NULL
) WITH (fillfactor = 50);
