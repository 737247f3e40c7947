-- The billing period of a subscription that no payment provider keeps: the usage period, or with a
-- yearly interval the year counted from the anchor, clamped like it (29 Feb, 28 Feb, 29 Feb).
CREATE OR REPLACE FUNCTION subscription_period(
  _anchor timestamptz, _at timestamptz, _interval text
) RETURNS TABLE (period_start timestamptz, period_end timestamptz)
LANGUAGE sql IMMUTABLE ROWS 1 AS $$
  SELECT p.period_start, p.period_end FROM usage_period(_anchor, _at) p WHERE _interval = 'month'
  UNION ALL
  SELECT (u.anchor + make_interval(years => y.n)) AT TIME ZONE 'UTC',
         (u.anchor + make_interval(years => y.n + 1)) AT TIME ZONE 'UTC'
  FROM (SELECT _anchor AT TIME ZONE 'UTC' AS anchor, _at AT TIME ZONE 'UTC' AS at) u
  CROSS JOIN LATERAL (
    SELECT extract(year FROM u.at)::integer - extract(year FROM u.anchor)::integer AS years
  ) c
  CROSS JOIN LATERAL (
    SELECT c.years - (u.anchor + make_interval(years => c.years) > u.at)::integer AS n
  ) y
  WHERE _interval = 'year'
$$;
