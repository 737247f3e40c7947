-- The only home of usage periods: the n-th month counted from the anchor, in UTC, time of day kept,
-- clamped to the month's last day (31 Jan, 28 Feb, 31 Mar). Half-open: [period_start, period_end).
CREATE OR REPLACE FUNCTION usage_period(
  _anchor timestamptz, _at timestamptz
) RETURNS TABLE (period_start timestamptz, period_end timestamptz)
LANGUAGE sql IMMUTABLE ROWS 1 AS $$
  WITH utc AS (
    SELECT _anchor AT TIME ZONE 'UTC' AS anchor, _at AT TIME ZONE 'UTC' AS at
  ), calendar AS (
    SELECT anchor, at,
      ((extract(year FROM at) - extract(year FROM anchor)) * 12
        + extract(month FROM at) - extract(month FROM anchor))::integer AS months
    FROM utc
  ), counted AS (
    SELECT anchor,
      months - (anchor + make_interval(months => months) > at)::integer AS n
    FROM calendar
  )
  SELECT (anchor + make_interval(months => n)) AT TIME ZONE 'UTC',
         (anchor + make_interval(months => n + 1)) AT TIME ZONE 'UTC'
  FROM counted
$$;
