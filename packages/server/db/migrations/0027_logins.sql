-- Logins, shaped as better-auth's core and its admin and two-factor plugins expect them (snake_case
-- by its field mapping). Times are wall clock: a login does not age with business time.

CREATE TABLE session (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  -- SHA-256 of the cookie's token in hexadecimal; the token itself is kept nowhere.
  token_hash text NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  ip_address text,
  user_agent text,
  -- The super admin who acts as this user.
  impersonated_by text COLLATE "C" REFERENCES "user" (id) ON DELETE CASCADE,
  -- Signed in with a second factor.
  two_factor_passed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_age ON session (expires_at);

-- How a user proves who they are; provider 'credential' is the password, kept as its scrypt hash.
CREATE TABLE account (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  provider_id text NOT NULL,
  account_id text NOT NULL,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (provider_id, account_id)
);
CREATE INDEX account_user ON account (user_id);

-- One-time tokens by the hash of their name.
CREATE TABLE verification (
  id text COLLATE "C" PRIMARY KEY,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX verification_identifier ON verification (identifier);
CREATE INDEX verification_age ON verification (expires_at);

-- The secret and the backup codes are encrypted with the server's secret.
CREATE TABLE two_factor (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  verified boolean NOT NULL DEFAULT true,
  failed_verification_count integer NOT NULL DEFAULT 0,
  locked_until timestamptz
);
CREATE INDEX two_factor_user ON two_factor (user_id);

-- Tries that were not right, of an account and of an address (count_attempts.sql). The subject is a
-- keyed hash: nobody's address can be read here. Lost in a crash, as the counts of rate limits are.
CREATE UNLOGGED TABLE sign_in_attempts (
  subject bytea PRIMARY KEY,
  failures integer NOT NULL,
  blocked_until timestamptz NOT NULL,
  last_at timestamptz NOT NULL
);

-- Who acted as the user that the entry names; part of the hash where there is one.
ALTER TABLE audit_log ADD COLUMN impersonated_by text COLLATE "C";
