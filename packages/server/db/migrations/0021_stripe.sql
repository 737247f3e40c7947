-- Whose ids stand in these tables: one account's, a real one's or the simulator's, never two.
CREATE TABLE billing_account (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  mode text NOT NULL CHECK (mode IN ('stripe', 'simulator')),
  account_id text NOT NULL,
  livemode boolean NOT NULL,
  -- The simulator's, of the process that runs it: other processes join it there.
  simulator_url text,
  -- Events made before then have been looked at. Stripe's time.
  events_read_until timestamptz,
  -- When every workspace was last compared in full.
  compared_at timestamptz,
  created_at timestamptz NOT NULL
);

-- What the provider has for a plan (a Product) and for a version's price (a Price, never edited).
CREATE TABLE stripe_products (
  plan_id text COLLATE "C" PRIMARY KEY REFERENCES subscription_plans (id),
  product_id text NOT NULL UNIQUE,
  name text NOT NULL,
  active boolean NOT NULL
);
CREATE TABLE stripe_prices (
  plan_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  currency text NOT NULL,
  interval text NOT NULL,
  price_id text NOT NULL UNIQUE,
  active boolean NOT NULL,
  PRIMARY KEY (plan_id, version, currency, interval),
  FOREIGN KEY (plan_id, version, currency, interval)
    REFERENCES subscription_plan_prices (plan_id, version, currency, interval)
);

-- What the provider told last. A fetch takes its number before it begins; an older one never
-- overwrites what a newer one wrote.
ALTER TABLE organization_subscriptions
  ADD COLUMN stripe_schedule_id text,
  -- {"brand", "last4", "exp_month", "exp_year"}: nothing else of a card ever comes here.
  ADD COLUMN payment_method jsonb,
  ADD COLUMN stripe_payment_method_id text,
  -- In the workspace's favour: what the next invoice is reduced by.
  ADD COLUMN balance_minor bigint NOT NULL DEFAULT 0,
  -- Fixed by the first paid subscription; NULL: none was paid for yet.
  ADD COLUMN paid_currency text,
  -- Since when a renewal is unpaid: the mails of days 0, 3 and 7 and the grace are counted from it.
  ADD COLUMN past_due_since timestamptz,
  ADD COLUMN billing_sync_number bigint NOT NULL DEFAULT 0,
  ADD COLUMN billing_synced_at timestamptz;
CREATE UNIQUE INDEX organization_subscriptions_customer
  ON organization_subscriptions (stripe_customer_id);
CREATE SEQUENCE billing_sync_numbers;

-- The inbox. An event says only that something happened to an object: what is, is asked for.
CREATE TABLE stripe_events (
  id text COLLATE "C" PRIMARY KEY,
  type text NOT NULL,
  object_id text,
  customer_id text,
  -- NULL: of no workspace of ours, or not looked up yet.
  organization_id text COLLATE "C",
  source text NOT NULL CHECK (source IN ('webhook', 'reconciler')),
  -- Stripe's time; all others here are wall clock.
  created_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  processed_at timestamptz,
  -- Why there was nothing to do.
  ignored_reason text,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  -- Not before then; also how long whoever works on it has it for itself.
  next_attempt_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stripe_events_waiting ON stripe_events (next_attempt_at)
  WHERE processed_at IS NULL;
CREATE INDEX stripe_events_newest ON stripe_events (created_at DESC, id DESC);
CREATE INDEX stripe_events_organization ON stripe_events (organization_id, created_at DESC);

-- Work that falls due in business time (a mail of dunning, a final invoice): the clock drives it in
-- order. Gone when done.
CREATE TABLE due_work (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  kind text NOT NULL,
  -- The same reference again moves the time and replaces the data.
  reference text COLLATE "C" NOT NULL,
  due_at timestamptz NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  -- Wall clock: not before then; also how long whoever works on it has it for itself.
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, kind, reference)
);
CREATE INDEX due_work_next ON due_work (due_at, kind);
