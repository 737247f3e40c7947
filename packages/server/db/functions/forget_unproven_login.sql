-- Takes the password from a user who never proved that the address is theirs: whoever signed up with it
-- must not get what is given to the address now. The user stays, for whoever proves it.
CREATE OR REPLACE FUNCTION forget_unproven_login(_email text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_user_id text;
BEGIN
  SELECT id INTO v_user_id FROM "user" WHERE email = _email AND NOT email_verified FOR UPDATE;
  DELETE FROM account WHERE user_id = v_user_id;
  DELETE FROM session WHERE user_id = v_user_id;
  DELETE FROM two_factor WHERE user_id = v_user_id;
END $$;
