-- Takes a user out of every table. Sessions, passwords, second factors and preferences go with the
-- row; memberships were ended before, and so was the
-- address of bills there. Their addresses are noted, to be taken out of what is kept
-- elsewhere (erase_address.sql).
CREATE OR REPLACE FUNCTION delete_user(_user_id text, _as_of timestamptz) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO user_addresses (user_id, email) SELECT id, email FROM "user" WHERE id = _user_id
  ON CONFLICT (user_id, email) DO UPDATE SET until = NULL;
  UPDATE user_addresses SET deleted_at = _as_of WHERE user_id = _user_id;
  DELETE FROM invitation i USING "user" u WHERE u.id = _user_id AND i.email = u.email;
  DELETE FROM mail_messages m USING "user" u
  WHERE u.id = _user_id AND (m.user_id = u.id OR m.recipient_email = u.email);
  DELETE FROM verification WHERE value = _user_id OR identifier = 'link:' || _user_id;
  DELETE FROM "user" WHERE id = _user_id;
$$;
