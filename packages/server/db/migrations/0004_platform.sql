-- Business time is wall time plus this offset; every process reads it.
CREATE TABLE platform_clock (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  offset_ms bigint NOT NULL DEFAULT 0 CHECK (offset_ms >= 0)
);
INSERT INTO platform_clock DEFAULT VALUES;

-- A request with an Idempotency-Key: claimed at its headers, answered from here when repeated.
CREATE TABLE idempotency_keys (
  organization_id text COLLATE "C" NOT NULL,
  key text NOT NULL,
  -- method and path; the fingerprint of the rest is known only when the body was read.
  route text NOT NULL,
  fingerprint text,
  job_id text COLLATE "C" NOT NULL,
  -- Wall clock: a claim that is neither answered nor renewed until then may be taken over.
  lease_expires_at timestamptz NOT NULL,
  response_status integer,
  response_headers jsonb,
  response_body text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Every administrative change: one hash chain an organization, one ('platform') for the operator.
-- A row never changes, but for its payload, which may be erased: the hash covers its digest only.
-- How the hash is made is told in audit_entry_hash(); what keeps rows as they are, in 0005.
CREATE TABLE audit_log (
  chain_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C",
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  action text NOT NULL,
  target_kind text NOT NULL,
  target_id text NOT NULL,
  request_id text,
  -- {"before": …, "after": …, "reason": …}
  payload jsonb,
  -- Goes with the payload; without it a digest of few possible values could be guessed.
  payload_salt bytea,
  payload_digest bytea NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (chain_id, sequence)
);
CREATE INDEX audit_log_target ON audit_log (target_id, sequence);
CREATE INDEX audit_log_newest ON audit_log (id);

CREATE TABLE audit_heads (
  chain_id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL,
  hash bytea NOT NULL
);
