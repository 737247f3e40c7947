-- Turns a synchronous job whose caller was answered 202 into an asynchronous one: after a crash it
-- is queued again. Committed durably, this also makes its admission durable.
CREATE OR REPLACE FUNCTION keep_running(_organization_id text, _job_id text) RETURNS void
LANGUAGE sql AS $$
  UPDATE jobs SET mode = 'async'
  WHERE organization_id = _organization_id AND id = _job_id
    AND status IN ('queued', 'processing')
$$;
