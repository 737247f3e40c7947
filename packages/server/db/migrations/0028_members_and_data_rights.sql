-- Who was asked to join, until they do, the link is taken back, or it is too old (wall clock).
CREATE TABLE invitation (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id),
  id text COLLATE "C" NOT NULL,
  -- In lower case; only a user with this address may accept.
  email text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'member')),
  -- SHA-256 of the link's token; the token is in the mail alone.
  token_hash bytea NOT NULL UNIQUE,
  invited_by jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, email)
);

-- After a rotation the secret before is good for a while longer, as the same key.
ALTER TABLE api_keys
  ADD COLUMN previous_key_hash bytea UNIQUE,
  ADD COLUMN previous_key_hint text,
  ADD COLUMN previous_expires_at timestamptz,
  ADD COLUMN previous_last_used_at timestamptz,
  ADD COLUMN rotated_at timestamptz;

-- A deleted workspace answers 404 from then on; erased once its files and personal data are gone. The
-- row stays for the invoices and the usage that belong to it.
ALTER TABLE organization
  ADD COLUMN deleted_at timestamptz,
  ADD COLUMN erased_at timestamptz;
CREATE INDEX organization_to_erase ON organization (id)
  WHERE deleted_at IS NOT NULL AND erased_at IS NULL;
