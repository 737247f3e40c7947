-- Where a workspace wants events sent (Standard Webhooks).
CREATE TABLE webhook_endpoints (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  url text NOT NULL,
  description text,
  -- NULL: every event there is.
  events text[],
  active boolean NOT NULL DEFAULT true,
  disabled_reason text CHECK (disabled_reason IN ('gone', 'failing')),
  secret_sealed text NOT NULL,
  -- Until then, by the wall clock, deliveries are signed with both.
  previous_secret_sealed text,
  previous_secret_until timestamptz,
  -- Wall clock: of the first failure since the last success.
  failing_since timestamptz,
  -- Failed or took long the last time: it waits in a lane of its own.
  slow boolean NOT NULL DEFAULT false,
  created_by jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  wants_conversions boolean NOT NULL GENERATED ALWAYS AS (active AND (events IS NULL
    OR events && ARRAY['conversion.succeeded', 'conversion.failed'])) STORED,
  PRIMARY KEY (organization_id, id)
);
-- Asked at each completion, and nearly empty.
CREATE INDEX webhook_endpoints_conversions ON webhook_endpoints (organization_id)
  WHERE wants_conversions;

-- What is sent: the same bytes to every endpoint and in every attempt.
CREATE TABLE webhook_events (
  organization_id text COLLATE "C" NOT NULL,
  -- Also the header webhook-id, by which a receiver knows a repeat.
  id text COLLATE "C" NOT NULL,
  -- NULL: a test.
  outbox_id bigint,
  type text NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, outbox_id)
);
CREATE INDEX webhook_events_age ON webhook_events (created_at);

-- One event to one endpoint. All times here and below are wall clock.
CREATE TABLE webhook_deliveries (
  organization_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  status text NOT NULL DEFAULT 'waiting'
    CHECK (status IN ('waiting', 'succeeded', 'failed', 'cancelled')),
  -- Counts up when an attempt begins; a result of an earlier attempt is not written any more.
  attempts integer NOT NULL DEFAULT 0,
  -- Of these, before it was last sent again: the schedule is counted from there.
  attempts_before integer NOT NULL DEFAULT 0,
  -- Not before then; also how long whoever sends it has it for itself.
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  response_status integer,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, event_id, endpoint_id),
  FOREIGN KEY (organization_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE,
  FOREIGN KEY (organization_id, event_id) REFERENCES webhook_events ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due
  ON webhook_deliveries (organization_id, endpoint_id, next_attempt_at) WHERE status = 'waiting';
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (organization_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);

CREATE TABLE webhook_attempts (
  organization_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  response_status integer,
  response_excerpt text,
  error text,
  PRIMARY KEY (organization_id, delivery_id, attempt),
  FOREIGN KEY (organization_id, delivery_id) REFERENCES webhook_deliveries ON DELETE CASCADE
);

-- What was told is forgotten by its age, conversions long before all else.
CREATE INDEX outbox_told_conversions ON outbox (processed_at) WHERE topic LIKE 'conversion.%';
CREATE INDEX outbox_told_others ON outbox (processed_at) WHERE topic NOT LIKE 'conversion.%';

-- Tells another AUTH_SECRET from the one that secrets here are sealed with.
CREATE TABLE sealing_secret (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  fingerprint text NOT NULL
);
