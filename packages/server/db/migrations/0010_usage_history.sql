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

-- The two rollups by whole days in UTC, for charts over months. A day is summed once, when nothing
-- of it can change any more (summarize_usage_days); what comes after an organization's last day is
-- read by the hour. To sum an organization again, delete its rows.
CREATE TABLE usage_daily (
  organization_id text COLLATE "C" NOT NULL,
  day timestamptz NOT NULL,
  type text NOT NULL,
  period_start timestamptz NOT NULL,
  conversions bigint NOT NULL,
  overage bigint NOT NULL,
  failed bigint NOT NULL,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  PRIMARY KEY (organization_id, day, type, period_start)
);

CREATE TABLE api_key_usage_daily (
  organization_id text COLLATE "C" NOT NULL,
  day timestamptz NOT NULL,
  actor_id text COLLATE "C" NOT NULL,
  period_start timestamptz NOT NULL,
  conversions bigint NOT NULL,
  overage bigint NOT NULL,
  failed bigint NOT NULL,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  PRIMARY KEY (organization_id, day, actor_id, period_start)
);
