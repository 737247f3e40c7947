-- Takes what people wrote out of the rows of a deleted workspace: names of files, metadata, options,
-- mails, webhooks, kept replies, the address of its bills. Jobs a thousand at a time; true: nothing is
-- left. What bookkeeping needs stays: usage events and sums, bills, invoices, billing events,
-- subscriptions.
CREATE OR REPLACE FUNCTION erase_organization(_organization_id text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_jobs integer;
BEGIN
  PERFORM FROM organization WHERE id = _organization_id AND deleted_at IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is not deleted', _organization_id;
  END IF;
  -- Before what is made of it: whoever is just making that is waited for.
  DELETE FROM outbox WHERE organization_id = _organization_id;
  DELETE FROM mail_messages WHERE organization_id = _organization_id;
  DELETE FROM webhook_events WHERE organization_id = _organization_id;
  DELETE FROM idempotency_keys WHERE organization_id = _organization_id;
  DELETE FROM conversion_batches WHERE organization_id = _organization_id;
  DELETE FROM usage_decisions WHERE organization_id = _organization_id;
  UPDATE billing_events
  SET data = data #- '{before,billing_email}' #- '{after,billing_email}'
  WHERE organization_id = _organization_id AND type = 'billing.updated';
  WITH page AS (
    SELECT j.id FROM jobs j
    WHERE j.organization_id = _organization_id
      AND (j.metadata IS NOT NULL OR j.options IS NOT NULL OR j.warnings IS NOT NULL
           OR j.error IS NOT NULL OR j.input ->> 'filename' IS NOT NULL
           OR j.output ->> 'filename' IS NOT NULL)
    ORDER BY j.id LIMIT 1000
  )
  UPDATE jobs j SET metadata = NULL, options = NULL, warnings = NULL, error = NULL,
    input = j.input || '{"filename": null, "sha256": null}',
    output = j.output || '{"filename": null, "sha256": null}'
  FROM page WHERE j.organization_id = _organization_id AND j.id = page.id;
  GET DIAGNOSTICS v_jobs = ROW_COUNT;
  RETURN v_jobs < 1000;
END $$;
