-- Workspaces by who made them, deleted ones too: one person may make ten a month.
CREATE INDEX audit_log_creations ON audit_log (actor_id, created_at)
  WHERE action = 'workspace.created';

-- One-time links and codes by whose they are: a new password ends them.
CREATE INDEX verification_value ON verification (value);

-- Addresses that a user had before, and the last one of a deleted account: what is kept elsewhere (the
-- audit log above all) is freed of them then, and the row goes (erase_address.sql).
CREATE TABLE user_addresses (
  user_id text COLLATE "C" NOT NULL,
  email text NOT NULL,
  -- The account was deleted then (business time).
  deleted_at timestamptz,
  PRIMARY KEY (user_id, email)
);
CREATE INDEX user_addresses_deleted ON user_addresses (user_id, email) WHERE deleted_at IS NOT NULL;

CREATE FUNCTION keep_past_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO user_addresses (user_id, email) VALUES (OLD.id, OLD.email) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER user_past_address AFTER UPDATE OF email ON "user"
  FOR EACH ROW WHEN (OLD.email <> NEW.email) EXECUTE FUNCTION keep_past_address();
