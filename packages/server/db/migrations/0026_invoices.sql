-- Invoices as the payment provider has them; written by the sync and by nobody else.
CREATE TABLE invoices (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  stripe_invoice_id text NOT NULL UNIQUE,
  number text,
  status text NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
  -- subscription_create, subscription_cycle, subscription_update, manual, …
  reason text NOT NULL,
  currency text NOT NULL,
  total_minor bigint NOT NULL,
  amount_due_minor bigint NOT NULL,
  amount_paid_minor bigint NOT NULL,
  amount_remaining_minor bigint NOT NULL,
  -- Given back after it was paid.
  credited_minor bigint NOT NULL,
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  attempt_count integer NOT NULL,
  -- Its payment waits for the card's holder.
  action_required boolean NOT NULL,
  created_at timestamptz NOT NULL,
  finalized_at timestamptz,
  due_at timestamptz,
  next_attempt_at timestamptz,
  paid_at timestamptz,
  voided_at timestamptz,
  hosted_invoice_url text,
  -- Of all that the provider tells, its lines included: what has not changed is not written.
  digest text NOT NULL,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX invoices_newest ON invoices (organization_id, created_at DESC, id DESC);

CREATE TABLE invoice_lines (
  organization_id text COLLATE "C" NOT NULL,
  invoice_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('base', 'proration', 'overage', 'credit')),
  description text NOT NULL,
  quantity bigint NOT NULL,
  -- In major units, exact; NULL where amount is no multiple of one.
  unit_amount numeric,
  amount_minor bigint NOT NULL,
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  -- What it stands for: a line at the provider, or (overage) one of our bill's.
  stripe_line_id text NOT NULL,
  stripe_price_id text,
  bill_start timestamptz,
  bill_position integer,
  PRIMARY KEY (organization_id, invoice_id, id),
  FOREIGN KEY (organization_id, invoice_id) REFERENCES invoices,
  FOREIGN KEY (organization_id, bill_start, bill_position) REFERENCES overage_bill_lines
);
