-- The decision for a batch of calls: reads only, changes nothing. admit() asks it under the
-- organizations' locks, for calls that compete with each other; the early look and the quote ask it
-- without, for calls each of which is decided as if it were alone (_apart).
CREATE OR REPLACE FUNCTION decide_admissions(
  _organization_ids text[], _modes text[], _types text[], _bytes bigint[], _api_key_ids text[],
  _duplicates boolean[], _queued_max integer, _as_of timestamptz, _apart boolean
) RETURNS SETOF admission_decision LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF EXISTS (SELECT FROM organization_subscriptions
             WHERE organization_id = ANY (_organization_ids) AND spend_cap_minor IS NOT NULL)
     OR EXISTS (SELECT FROM api_keys
                WHERE organization_id = ANY (_organization_ids) AND monthly_limit IS NOT NULL)
  THEN
    RETURN QUERY SELECT * FROM decide_admissions_in_order(_organization_ids, _modes, _types,
      _bytes, _api_key_ids, _duplicates, _queued_max, _as_of, _apart) ORDER BY ordinal;
  ELSE
    RETURN QUERY SELECT * FROM decide_admissions_set_wise(_organization_ids, _modes, _types,
      _bytes, _duplicates, _queued_max, _as_of, _apart);
  END IF;
END $$;
