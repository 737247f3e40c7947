-- The try was right: what was counted against the first subjects is forgotten, against the others this
-- one try only. Otherwise who has one account could try others' for ever.
CREATE OR REPLACE FUNCTION forgive_attempts(_forgotten bytea[], _once bytea[])
RETURNS void LANGUAGE sql AS $$
  DELETE FROM sign_in_attempts WHERE subject = ANY(_forgotten);
  UPDATE sign_in_attempts SET failures = greatest(0, failures - 1), blocked_until = clock_timestamp()
  WHERE subject = ANY(_once);
$$;
