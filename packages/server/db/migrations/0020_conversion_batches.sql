-- What a batch was made of, told once: its jobs stand by themselves and know nothing of it.
CREATE TABLE conversion_batches (
  organization_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  "to" text NOT NULL,
  -- In the order of the request: {"filename", "job_id"}, or {"filename", "error"} where refused.
  files jsonb NOT NULL,
  api_key_id text COLLATE "C",
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
-- What is too old.
CREATE INDEX conversion_batches_age ON conversion_batches (created_at);
