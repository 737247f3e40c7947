-- The ledger of usage. How the pieces work together is told in docs/metering.md.

-- The one hot row of an organization: its current usage period. No index besides the key, so that
-- every update stays on its page (HOT); closed periods move to usage_records.
CREATE TABLE usage_counters (
  organization_id text COLLATE "C" PRIMARY KEY REFERENCES organization (id),
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  overage bigint NOT NULL DEFAULT 0 CHECK (overage >= 0),
  active integer NOT NULL DEFAULT 0 CHECK (active >= 0),
  queued integer NOT NULL DEFAULT 0 CHECK (queued >= 0),
  -- Money of this period past the limit, in major units, unrounded: stamped, and still possible.
  overage_accrued numeric NOT NULL DEFAULT 0 CHECK (overage_accrued >= 0),
  overage_reserved numeric NOT NULL DEFAULT 0 CHECK (overage_reserved >= 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Usage periods that are over.
CREATE TABLE usage_records (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  month integer NOT NULL CHECK (month BETWEEN 1 AND 12),
  year integer NOT NULL,
  conversion_count bigint NOT NULL CHECK (conversion_count >= 0),
  overage_count bigint NOT NULL CHECK (overage_count >= 0),
  -- Units of jobs that were admitted in this period and still run.
  reserved bigint NOT NULL CHECK (reserved >= 0),
  overage_accrued numeric NOT NULL,
  overage_reserved numeric NOT NULL,
  PRIMARY KEY (organization_id, period_start)
);

-- One conversion each, or (kind external) one unit handed to somebody else's converter.
-- The indexes hold no column that changes, so that completing a job is a HOT update. No foreign key
-- to organization here and below: admission has joined it, under the counter's lock, and the check
-- would cost a lock on the organization's row for each conversion.
CREATE TABLE jobs (
  organization_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('conversion', 'external')),
  mode text NOT NULL CHECK (mode IN ('sync', 'async')),
  status text NOT NULL CHECK (status IN ('queued', 'processing', 'succeeded', 'failed',
                                         'cancelled', 'expired')),
  type text NOT NULL,
  "from" text,
  "to" text,
  options jsonb,
  metadata jsonb,
  input jsonb NOT NULL,
  output jsonb,
  progress jsonb,
  warnings jsonb,
  error jsonb,
  -- The number of the attempt; a completion with an older one is refused.
  fence integer NOT NULL DEFAULT 1,
  counted boolean NOT NULL DEFAULT false,
  billed_as text NOT NULL DEFAULT 'none' CHECK (billed_as IN ('included', 'overage', 'none')),
  unit_amount numeric,
  currency text,
  period_start timestamptz NOT NULL,
  api_key_id text COLLATE "C",
  member_id text COLLATE "C",
  request_id text NOT NULL,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  duration_ms integer,
  -- Input and output are deleted from storage.
  purged_at timestamptz,
  PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 45, autovacuum_vacuum_insert_scale_factor = 0.1);

-- A reservation: one unit, and while the job runs one slot. Gone when the job is terminal.
CREATE TABLE active_conversions (
  organization_id text COLLATE "C" NOT NULL,
  job_id text COLLATE "C" NOT NULL,
  -- queued: a unit, no slot, no lease; running: both; lapsed: an external one that lost its slot.
  state text NOT NULL CHECK (state IN ('queued', 'running', 'lapsed')),
  -- Wall clock of the database: a worker that does not renew until then is taken for dead.
  lease_expires_at timestamptz,
  not_before timestamptz,
  unit_expires_at timestamptz,
  started_at timestamptz NOT NULL,
  admitted_at timestamptz NOT NULL,
  period_start timestamptz NOT NULL,
  -- What held when it was admitted; the price below is the one that will be billed.
  monthly_limit bigint,
  overage_policy text NOT NULL,
  unit_amount numeric,
  currency text NOT NULL,
  overage_reserved numeric NOT NULL DEFAULT 0,
  plan_id text NOT NULL,
  plan_version integer NOT NULL,
  override_id text,
  api_key_id text COLLATE "C",
  PRIMARY KEY (organization_id, job_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX active_conversions_queue ON active_conversions (organization_id, job_id)
  WHERE state = 'queued';
CREATE INDEX active_conversions_lease ON active_conversions (lease_expires_at)
  WHERE lease_expires_at IS NOT NULL;

-- One row a counted conversion, never changed but to say on which bill it stands.
CREATE TABLE usage_events (
  organization_id text COLLATE "C" NOT NULL,
  job_id text COLLATE "C" NOT NULL,
  admitted_at timestamptz NOT NULL,
  completed_at timestamptz NOT NULL,
  period_start timestamptz NOT NULL,
  type text NOT NULL,
  billed_as text NOT NULL CHECK (billed_as IN ('included', 'overage')),
  unit_amount numeric,
  currency text NOT NULL,
  plan_id text NOT NULL,
  plan_version integer NOT NULL,
  override_id text,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  duration_ms integer NOT NULL,
  api_key_id text COLLATE "C",
  member_id text COLLATE "C",
  -- The time first: one index serves reading by period as well. A job has one time of admission.
  PRIMARY KEY (organization_id, admitted_at, job_id)
) PARTITION BY RANGE (admitted_at);
CREATE TABLE usage_events_default PARTITION OF usage_events DEFAULT;

-- Rollup by hour and type. An hour in which a period ends has a row for each of the two periods.
CREATE TABLE usage_hourly (
  organization_id text COLLATE "C" NOT NULL,
  hour timestamptz NOT NULL,
  type text NOT NULL,
  period_start timestamptz NOT NULL,
  conversions bigint NOT NULL DEFAULT 0,
  overage bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  bytes_in bigint NOT NULL DEFAULT 0,
  bytes_out bigint NOT NULL DEFAULT 0,
  duration_ms bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, hour, type, period_start)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The same by who asked: an API key, a member, or '' for the operator.
CREATE TABLE api_key_usage (
  organization_id text COLLATE "C" NOT NULL,
  actor_id text COLLATE "C" NOT NULL,
  hour timestamptz NOT NULL,
  period_start timestamptz NOT NULL,
  conversions bigint NOT NULL DEFAULT 0,
  overage bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  bytes_in bigint NOT NULL DEFAULT 0,
  bytes_out bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, actor_id, hour, period_start)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Conversions that were refused or failed, by reason and hour.
CREATE TABLE usage_outcomes (
  organization_id text COLLATE "C" NOT NULL,
  hour timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('refused', 'failed', 'cancelled')),
  reason text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (organization_id, hour, outcome, reason)
) WITH (fillfactor = 70);

-- A threshold that was reached, once a period.
CREATE TABLE usage_alerts (
  organization_id text COLLATE "C" NOT NULL,
  period_start timestamptz NOT NULL,
  limit_name text NOT NULL CHECK (limit_name IN ('monthly_limit', 'spend_cap')),
  threshold integer NOT NULL,
  reached_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, period_start, limit_name, threshold)
);

-- What has to be told to somebody, written in the transaction that made it true.
CREATE TABLE outbox (
  organization_id text COLLATE "C" NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  topic text NOT NULL,
  -- The same thing is told once.
  dedupe_key text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  processed_at timestamptz,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, dedupe_key)
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE processed_at IS NULL;

-- What the decision says of one call.
CREATE TYPE admission_decision AS (
  ordinal integer,
  verdict text,
  organization_id text,
  plan_id text,
  plan_version integer,
  plan_name text,
  override_id text,
  monthly_limit bigint,
  used bigint,
  reserved bigint,
  concurrent_limit integer,
  active integer,
  queued integer,
  file_bytes_max bigint,
  overage_policy text,
  unit_amount numeric,
  currency text,
  spend_cap_minor bigint,
  overage_reserved numeric,
  key_limit bigint,
  key_used bigint,
  period_start timestamptz,
  period_end timestamptz,
  admitted_at timestamptz,
  retention_hours integer
);
-- What complete() says of one call.
CREATE TYPE completion AS (
  ordinal integer,
  result text,
  billed_as text,
  unit_amount numeric,
  currency text,
  period_start timestamptz,
  used bigint,
  monthly_limit bigint,
  finished_at timestamptz
);

-- Which organizations must be decided call by call (decide_admissions); both are nearly empty.
CREATE INDEX organization_subscriptions_capped ON organization_subscriptions (organization_id)
  WHERE spend_cap_minor IS NOT NULL;
CREATE INDEX api_keys_limited ON api_keys (organization_id) WHERE monthly_limit IS NOT NULL;
