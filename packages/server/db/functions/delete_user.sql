-- Takes a user out of every table. Sessions, passwords, second factors and preferences go with the
-- row; memberships were ended before.
CREATE OR REPLACE FUNCTION delete_user(_user_id text) RETURNS void LANGUAGE sql AS $$
  DELETE FROM invitation i USING "user" u WHERE u.id = _user_id AND i.email = u.email;
  DELETE FROM mail_messages m USING "user" u
  WHERE u.id = _user_id AND (m.user_id = u.id OR m.recipient_email = u.email);
  UPDATE organization o SET billing_email = NULL
  FROM "user" u WHERE u.id = _user_id AND o.billing_email = u.email;
  DELETE FROM "user" WHERE id = _user_id;
$$;
