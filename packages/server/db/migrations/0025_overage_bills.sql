-- What is past the limit, on its way to an invoice. docs/billing.md tells the whole way.

-- On whose bill a conversion stands that costs something: the start of its bill's period. Stamped
-- with the rest when it completes, so a bill of a million conversions rewrites none of them.
ALTER TABLE usage_events ADD COLUMN bill_start timestamptz;
CREATE INDEX usage_events_billed ON usage_events (organization_id, bill_start, type, admitted_at)
  WHERE bill_start IS NOT NULL;

-- Bills of periods that begin before it are sealed: what completes from now on stands on a later
-- one. NULL: none is.
ALTER TABLE usage_counters ADD COLUMN billed_until timestamptz;

-- One bill a usage period; the first conversion that costs something opens it. No foreign key to
-- organization: complete() holds the counter's lock and must not wait for the organization's.
CREATE TABLE overage_bills (
  organization_id text COLLATE "C" NOT NULL,
  usage_period_start timestamptz NOT NULL,
  -- Until where it reaches; known when it is sealed.
  usage_period_end timestamptz,
  currency text NOT NULL,
  -- open: gathers, until sealed_at; computed: its lines stand; item_created: on an invoice of the
  -- payment provider; invoiced: that invoice is finalized.
  state text NOT NULL DEFAULT 'open'
    CHECK (state IN ('open', 'computed', 'item_created', 'invoiced')),
  -- Due by itself then (business time), where no renewal will take it; NULL: by its period's end.
  due_at timestamptz,
  sealed_at timestamptz,
  id text COLLATE "C" UNIQUE,
  amount_minor bigint CHECK (amount_minor >= 0),
  quantity bigint,
  -- false: it is shown, and nobody is charged (billing is off).
  collected boolean,
  -- The invoice it is meant for, written down before the item is asked for; and the item.
  stripe_invoice_id text,
  stripe_item_id text,
  -- The invoice was made for this bill alone.
  own_invoice boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, usage_period_start),
  CHECK (state = 'open' OR (id, sealed_at, usage_period_end, amount_minor, quantity, collected)
    IS NOT NULL),
  CHECK (state NOT IN ('item_created', 'invoiced') OR (stripe_invoice_id, stripe_item_id)
    IS NOT NULL)
);
CREATE INDEX overage_bills_waiting ON overage_bills (organization_id)
  WHERE state IN ('open', 'computed', 'item_created');

-- One line for each type, price and period of its conversions: one is billed late whose own
-- period's bill was sealed before it completed. Rounded once, here.
CREATE TABLE overage_bill_lines (
  organization_id text COLLATE "C" NOT NULL,
  usage_period_start timestamptz NOT NULL,
  position integer NOT NULL CHECK (position > 0),
  type text NOT NULL,
  unit_amount numeric NOT NULL CHECK (unit_amount > 0),
  currency text NOT NULL,
  -- The usage period in which the conversions were admitted.
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  -- By which plan version and override: [{plan_id, plan_version, override_id, quantity}].
  sources jsonb NOT NULL,
  PRIMARY KEY (organization_id, usage_period_start, position),
  FOREIGN KEY (organization_id, usage_period_start) REFERENCES overage_bills
);

-- What complete() opens.
CREATE TYPE overage_bill_key AS (
  organization_id text, usage_period_start timestamptz, currency text
);

-- Conversions from before there were bills.
UPDATE usage_events SET bill_start = period_start WHERE billed_as = 'overage' AND unit_amount > 0;
INSERT INTO overage_bills (organization_id, usage_period_start, currency, created_at, updated_at)
SELECT organization_id, bill_start, min(currency), min(completed_at), min(completed_at)
FROM usage_events WHERE bill_start IS NOT NULL GROUP BY organization_id, bill_start;
