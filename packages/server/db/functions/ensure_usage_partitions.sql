-- Makes the monthly partitions of usage_events for _as_of and the _months after it. Rows that fell
-- into the default partition meanwhile are moved. Only the owner of the tables may run it.
CREATE OR REPLACE FUNCTION ensure_usage_partitions(_as_of timestamptz, _months integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_from timestamptz;
  v_until timestamptz;
  v_name text;
  v_made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('ensure_usage_partitions'));
  FOR v_ahead IN 0.._months LOOP
    v_from := (date_trunc('month', _as_of AT TIME ZONE 'UTC')
               + make_interval(months => v_ahead)) AT TIME ZONE 'UTC';
    v_until := (v_from AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    v_name := format('usage_events_%s', to_char(v_from AT TIME ZONE 'UTC', 'YYYY_MM'));
    CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE usage_events INCLUDING ALL)', v_name);
    EXECUTE format(
      'WITH moved AS (DELETE FROM usage_events_default WHERE admitted_at >= %L
         AND admitted_at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
      v_from, v_until, v_name);
    EXECUTE format('ALTER TABLE usage_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      v_name, v_from, v_until);
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;
