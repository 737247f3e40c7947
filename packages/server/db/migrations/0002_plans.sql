-- The catalogue. A plan has versions: a change of a limit or price is a new version, and a
-- subscriber keeps the one it bought. NULL means unlimited everywhere.

CREATE TABLE subscription_plans (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  -- A custom plan belongs to one organization and is invisible to all others.
  organization_id text COLLATE "C" REFERENCES organization (id),
  current_version integer NOT NULL DEFAULT 1,
  self_service boolean NOT NULL DEFAULT true,
  active boolean NOT NULL DEFAULT true,
  position integer NOT NULL DEFAULT 100,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE subscription_plan_versions (
  plan_id text COLLATE "C" NOT NULL REFERENCES subscription_plans (id),
  version integer NOT NULL CHECK (version > 0),
  monthly_conversion_limit bigint CHECK (monthly_conversion_limit >= 0),
  concurrent_conversion_limit integer CHECK (concurrent_conversion_limit >= 0),
  max_file_size_mb integer CHECK (max_file_size_mb >= 0),
  rate_limit_per_minute integer NOT NULL CHECK (rate_limit_per_minute > 0),
  overage_policies text[] NOT NULL
    CHECK (overage_policies <@ ARRAY['block', 'warn', 'charge']),
  features jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  PRIMARY KEY (plan_id, version)
);

CREATE TABLE subscription_plan_prices (
  plan_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
  interval text NOT NULL CHECK (interval IN ('month', 'year')),
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  -- Exact price of one conversion past the limit, in major units ("0.004"); NULL: none is sold.
  overage_amount numeric CHECK (overage_amount >= 0),
  -- {"XLSX_TO_CSV": "0.01"}: a price of its own for some types.
  overage_amounts_by_type jsonb,
  PRIMARY KEY (plan_id, version, currency, interval),
  FOREIGN KEY (plan_id, version) REFERENCES subscription_plan_versions (plan_id, version)
);

ALTER TABLE organization
  ADD CONSTRAINT organization_plan FOREIGN KEY (plan_id) REFERENCES subscription_plans (id);

-- The four plans of the product. Prices: currency, month, year, past the limit.
INSERT INTO subscription_plans (id, name, self_service, position, created_at, updated_at) VALUES
  ('plan_free', 'Free', true, 1, '2026-01-01Z', '2026-01-01Z'),
  ('plan_starter', 'Starter', true, 2, '2026-01-01Z', '2026-01-01Z'),
  ('plan_pro', 'Pro', true, 3, '2026-01-01Z', '2026-01-01Z'),
  ('plan_enterprise', 'Enterprise', false, 4, '2026-01-01Z', '2026-01-01Z');

INSERT INTO subscription_plan_versions VALUES
  ('plan_free', 1, 100, 1, 10, 100, '{block}', '{}', '2026-01-01Z'),
  ('plan_starter', 1, 1000, 2, 25, 300, '{block,warn,charge}', '{}', '2026-01-01Z'),
  ('plan_pro', 1, 10000, 5, 50, 1000, '{block,warn,charge}', '{}', '2026-01-01Z'),
  ('plan_enterprise', 1, NULL, NULL, NULL, 5000, '{block}', '{}', '2026-01-01Z');

INSERT INTO subscription_plan_prices (plan_id, version, currency, interval, amount_minor,
                                      overage_amount)
SELECT p.plan_id, 1, p.currency, i.interval, i.amount_minor, p.overage_amount
FROM (VALUES
  ('plan_free', 'usd', 0, 0, NULL), ('plan_free', 'eur', 0, 0, NULL),
  ('plan_free', 'gbp', 0, 0, NULL), ('plan_free', 'jpy', 0, 0, NULL),
  ('plan_starter', 'usd', 1900, 19000, 0.02), ('plan_starter', 'eur', 1900, 19000, 0.02),
  ('plan_starter', 'gbp', 1600, 16000, 0.016), ('plan_starter', 'jpy', 2900, 29000, 3),
  ('plan_pro', 'usd', 9900, 99000, 0.01), ('plan_pro', 'eur', 9900, 99000, 0.01),
  ('plan_pro', 'gbp', 8500, 85000, 0.008), ('plan_pro', 'jpy', 14900, 149000, 1.5)
) AS p (plan_id, currency, month_minor, year_minor, overage_amount)
CROSS JOIN LATERAL (VALUES ('month', p.month_minor), ('year', p.year_minor))
  AS i (interval, amount_minor);

-- One subscription an organization; who was on what before is in billing_events and the audit log.
CREATE TABLE organization_subscriptions (
  organization_id text COLLATE "C" PRIMARY KEY REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  plan_id text COLLATE "C" NOT NULL,
  plan_version integer NOT NULL,
  status text NOT NULL CHECK (status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused',
                                         'cancelled', 'incomplete')),
  interval text NOT NULL DEFAULT 'month' CHECK (interval IN ('month', 'year')),
  currency text NOT NULL DEFAULT 'usd',
  -- Usage periods are counted from here (usage_period()); billing periods are Stripe's.
  usage_anchor timestamptz NOT NULL,
  current_period_start timestamptz NOT NULL,
  current_period_end timestamptz NOT NULL,
  cancel_at_period_end boolean NOT NULL DEFAULT false,
  scheduled_change jsonb,
  pending_change jsonb,
  -- past_due keeps the plan until then, afterwards the Free plan's limits hold.
  grace_ends_at timestamptz,
  overdue_invoice_url text,
  stripe_customer_id text,
  stripe_subscription_id text,
  overage_policy text NOT NULL DEFAULT 'block'
    CHECK (overage_policy IN ('block', 'warn', 'charge')),
  spend_cap_minor bigint CHECK (spend_cap_minor >= 0),
  -- A super admin's exception. NULL: the plan's value; -1: unlimited; 0: none at all.
  override_id text COLLATE "C",
  override_monthly_limit bigint CHECK (override_monthly_limit >= -1),
  override_concurrent_limit integer CHECK (override_concurrent_limit >= -1),
  override_max_file_size_mb integer CHECK (override_max_file_size_mb >= -1),
  override_overage_price numeric CHECK (override_overage_price >= 0),
  override_rate_limit_per_minute integer CHECK (override_rate_limit_per_minute >= -1),
  override_reason text,
  override_author jsonb,
  override_created_at timestamptz,
  override_expires_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  FOREIGN KEY (plan_id, plan_version) REFERENCES subscription_plan_versions (plan_id, version)
);

-- Every renewal, upgrade, payment, failure, refund, override: readable by the workspace.
CREATE TABLE billing_events (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  summary text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
