-- A change of a subscription that was asked for: written before the payment provider is asked, so
-- that a repeat asks the very same under the same keys, and counted against too many a day.
CREATE TABLE subscription_changes (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL
    CHECK (kind IN ('now', 'period_end', 'undo', 'cancel', 'resume', 'end', 'trial')),
  plan_id text COLLATE "C" NOT NULL,
  plan_version integer NOT NULL,
  interval text NOT NULL,
  currency text NOT NULL,
  detail jsonb NOT NULL,
  requested_by jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX subscription_changes_recent ON subscription_changes (organization_id, created_at);

-- Credit that the operator gave: written before the payment provider is asked.
CREATE TABLE billing_credits (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  reason text NOT NULL,
  created_by jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  -- The provider's transaction; NULL: it was not asked yet, or its answer is lost.
  transaction_id text,
  PRIMARY KEY (organization_id, id)
);

-- A dated move of a plan's subscribers from older versions to a newer one.
CREATE TABLE plan_migrations (
  id text COLLATE "C" PRIMARY KEY,
  plan_id text COLLATE "C" NOT NULL,
  to_version integer NOT NULL,
  effective_at timestamptz NOT NULL,
  created_by jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  FOREIGN KEY (plan_id, to_version) REFERENCES subscription_plan_versions (plan_id, version)
);
CREATE INDEX plan_migrations_plan ON plan_migrations (plan_id, id);

-- One organization's part of it. waiting: until the billing period in which the date lies; scheduled:
-- the payment provider does it at that period's end; skipped: it was not on an older version any
-- more, or leaves the plan anyway.
CREATE TABLE plan_migration_moves (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  migration_id text COLLATE "C" NOT NULL REFERENCES plan_migrations (id),
  from_version integer NOT NULL,
  move_at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'waiting'
    CHECK (status IN ('waiting', 'scheduled', 'moved', 'skipped')),
  settled_at timestamptz,
  PRIMARY KEY (organization_id, migration_id)
);
CREATE INDEX plan_migration_moves_open ON plan_migration_moves (move_at)
  WHERE status IN ('waiting', 'scheduled');
