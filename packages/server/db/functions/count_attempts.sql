-- Counts one try of each subject as wrong before it is made, so that many at once do not slip by;
-- forgive_attempts() takes it back where it was right. Answers for how many seconds the try must wait,
-- 0 where it may be made. After _free wrong ones in a row the next waits 2, 4, 8 … up to 60 seconds; an
-- hour of quiet forgets them. A try that has to wait is not counted.
CREATE OR REPLACE FUNCTION count_attempts(_subjects bytea[], _free integer[])
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_asked record;
  v_failures integer;
  v_wait numeric := 0;
BEGIN
  -- In one order, so that two logins never wait for each other.
  FOR v_asked IN
    SELECT a.subject, a.free FROM unnest(_subjects, _free) AS a (subject, free) ORDER BY a.subject
  LOOP
    INSERT INTO sign_in_attempts AS s (subject, failures, blocked_until, last_at)
    VALUES (v_asked.subject, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (subject) DO UPDATE SET
      failures = CASE WHEN s.last_at < clock_timestamp() - interval '1 hour' THEN 1
                      ELSE s.failures + 1 END,
      last_at = clock_timestamp()
    WHERE s.blocked_until <= clock_timestamp()
    RETURNING failures INTO v_failures;
    IF NOT FOUND THEN
      SELECT greatest(v_wait, 1, extract(epoch FROM s.blocked_until - clock_timestamp()))
      INTO v_wait FROM sign_in_attempts s WHERE s.subject = v_asked.subject;
    ELSIF v_failures >= v_asked.free THEN
      UPDATE sign_in_attempts SET blocked_until = clock_timestamp()
        + make_interval(secs => least(60, power(2, least(6, v_failures - v_asked.free + 1))))
      WHERE subject = v_asked.subject;
    END IF;
  END LOOP;
  RETURN ceil(v_wait);
END $$;
