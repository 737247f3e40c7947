-- Until when an address was the user's (business time); null: to the end. What came later is of whoever
-- has the address now, and is not erased with the user's account.
ALTER TABLE user_addresses ADD COLUMN until timestamptz;

CREATE OR REPLACE FUNCTION keep_past_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO user_addresses AS a (user_id, email, until)
  SELECT OLD.id, OLD.email, clock_timestamp() + offset_ms * interval '1 millisecond'
  FROM platform_clock
  ON CONFLICT (user_id, email) DO UPDATE SET until = excluded.until;
  RETURN NULL;
END $$;
