-- What a member wants to be told of by mail. No row: the category's default.
CREATE TABLE notification_preferences (
  organization_id text COLLATE "C" NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
  user_id text COLLATE "C" NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  category text NOT NULL CHECK (category IN ('usage', 'billing', 'digest')),
  enabled boolean NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, user_id, category)
);

-- One mail to one recipient, made from a row of the outbox in the transaction that marks it as
-- processed. Text and HTML are rendered from `payload` and `context` when it is sent or shown.
CREATE TABLE mail_messages (
  -- 'platform': to a person, of no workspace.
  organization_id text COLLATE "C" NOT NULL,
  -- Also the mail's Message-ID, however often it is sent.
  id text COLLATE "C" NOT NULL,
  outbox_id bigint NOT NULL,
  topic text NOT NULL,
  category text NOT NULL,
  recipient_email text NOT NULL,
  -- NULL: an address that is nobody's account.
  user_id text COLLATE "C",
  payload jsonb NOT NULL,
  -- The workspace's name and time zone as they were, and how many decimals the currency has.
  context jsonb NOT NULL,
  -- A link that is good once, sealed; gone when the mail is sent, or when the link has expired.
  link_sealed text,
  link_expires_at timestamptz,
  status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'failed')),
  -- Counts up when an attempt begins; a result of an earlier attempt is not written any more.
  attempts integer NOT NULL DEFAULT 0,
  -- Not before then; also how long whoever sends it has it for itself. All below is wall clock.
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  last_error text,
  queued_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  -- Business time of what it tells.
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, outbox_id, recipient_email)
);
CREATE INDEX mail_messages_due ON mail_messages (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX mail_messages_newest ON mail_messages (id);
CREATE INDEX mail_messages_age ON mail_messages (queued_at);
CREATE INDEX mail_messages_links ON mail_messages (link_expires_at) WHERE link_sealed IS NOT NULL;
