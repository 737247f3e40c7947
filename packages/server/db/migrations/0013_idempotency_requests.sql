-- The requests that held a key, the latest last: what an earlier one did before its answer was lost
-- is found by them in the audit log.
ALTER TABLE idempotency_keys ADD COLUMN request_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX audit_log_request ON audit_log (request_id);

-- A request that went on with the job id of an earlier one. Charges are looked up by the id of their
-- request among the jobs made about then; these few by name, so that jobs needs no index for it.
CREATE TABLE taken_over_requests (
  organization_id text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  job_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (organization_id, request_id)
);
