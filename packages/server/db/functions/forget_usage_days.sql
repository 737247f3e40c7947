-- After a correction of an organization's hourly rollups: its daily ones are summed again, from the
-- beginning, by the next summarize_usage_days(). Until then everything is read by the hour.
CREATE OR REPLACE FUNCTION forget_usage_days(_organization_id text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('summarize_usage_days'));
  DELETE FROM usage_daily WHERE organization_id = _organization_id;
  DELETE FROM api_key_usage_daily WHERE organization_id = _organization_id;
END $$;
