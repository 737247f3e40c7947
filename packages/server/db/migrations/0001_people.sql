-- Tenants and people, shaped as better-auth's core and organization plugin expect them
-- (snake_case by its field mapping). An organization is what the URL calls a workspace.

CREATE TABLE "user" (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  email_verified boolean NOT NULL DEFAULT false,
  image text,
  role text,
  banned boolean NOT NULL DEFAULT false,
  ban_reason text,
  ban_expires timestamptz,
  two_factor_enabled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE organization (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  logo text,
  metadata text,
  created_at timestamptz NOT NULL,
  -- The current plan, for lists; the subscription decides.
  plan_id text COLLATE "C" NOT NULL,
  billing_status text NOT NULL DEFAULT 'ok'
    CHECK (billing_status IN ('ok', 'past_due', 'suspended')),
  billing_email text,
  suspended_at timestamptz,
  suspended_reason text,
  time_zone text NOT NULL DEFAULT 'UTC',
  retention_hours integer NOT NULL DEFAULT 24 CHECK (retention_hours BETWEEN 1 AND 8760),
  -- Percent of the monthly limit at which the organization is told, ascending.
  alert_thresholds integer[] NOT NULL DEFAULT '{80,90,100}',
  -- Files of jobs with a smaller id are purged already.
  purged_before_job_id text COLLATE "C" NOT NULL DEFAULT ''
);

CREATE TABLE member (
  id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  user_id text COLLATE "C" NOT NULL REFERENCES "user" (id),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'member')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, user_id)
);
CREATE INDEX member_user ON member (user_id);

CREATE TABLE api_keys (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  -- SHA-256 of the key; the key itself is shown once and never kept.
  key_hash bytea NOT NULL UNIQUE,
  -- The last four characters, so that a person can tell keys apart.
  key_hint text NOT NULL,
  scopes text[] NOT NULL,
  monthly_limit bigint CHECK (monthly_limit >= 0),
  allowed_ips text[],
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_by jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
