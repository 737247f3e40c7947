-- Why a request was refused, for a week: what admission said, word for word. Written off the hot
-- path (metering/refusals.ts). A charged conversion needs no row here: its job and its usage event
-- tell.
CREATE TABLE usage_decisions (
  organization_id text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  verdict text NOT NULL,
  -- A row of admission_decision.
  decision jsonb NOT NULL,
  -- The expected wait for a slot at that moment, where a slot was wanted.
  slot_seconds integer CHECK (slot_seconds > 0),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, request_id)
);
-- How many an organization has had this minute; and what is too old.
CREATE INDEX usage_decisions_minute ON usage_decisions (organization_id, created_at);
CREATE INDEX usage_decisions_age ON usage_decisions (created_at);
