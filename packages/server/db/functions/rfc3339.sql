-- A time as it goes onto the wire, for times inside of JSON: 2026-11-23T00:10:39.500Z.
CREATE OR REPLACE FUNCTION rfc3339(_time timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
