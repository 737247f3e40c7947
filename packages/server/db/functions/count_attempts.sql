-- Counts one try of each subject as wrong before it is made, so that many at once do not slip by;
-- forgive_attempts() takes it back where it was right. Answers for how many seconds the try must wait,
-- 0 where it may be made. After _free wrong ones in a row the next waits 2, 4, 8 … up to 60 seconds; an
-- hour of quiet forgets them. A try that has to wait for one of its subjects is counted
-- against none.
CREATE OR REPLACE FUNCTION count_attempts(_subjects bytea[], _free integer[])
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_asked record;
  v_left numeric;
  v_failures integer;
  v_wait numeric := 0;
BEGIN
  -- All are locked before any is counted, in one order, so that two logins never wait for each other.
  FOR v_asked IN
    SELECT a.subject FROM unnest(_subjects) AS a (subject) ORDER BY a.subject
  LOOP
    INSERT INTO sign_in_attempts AS s (subject, failures, blocked_until, last_at)
    VALUES (v_asked.subject, 0, clock_timestamp(), clock_timestamp())
    ON CONFLICT (subject) DO UPDATE SET failures = s.failures
    RETURNING extract(epoch FROM s.blocked_until - clock_timestamp()) INTO v_left;
    IF v_left > 0 THEN
      v_wait := greatest(v_wait, 1, v_left);
    END IF;
  END LOOP;
  IF v_wait > 0 THEN
    RETURN ceil(v_wait);
  END IF;
  FOR v_asked IN
    SELECT a.subject, a.free FROM unnest(_subjects, _free) AS a (subject, free)
  LOOP
    UPDATE sign_in_attempts s SET
      failures = CASE WHEN s.last_at < clock_timestamp() - interval '1 hour' THEN 1
                      ELSE s.failures + 1 END,
      last_at = clock_timestamp()
    WHERE s.subject = v_asked.subject
    RETURNING failures INTO v_failures;
    IF v_failures >= v_asked.free THEN
      UPDATE sign_in_attempts SET blocked_until = clock_timestamp()
        + make_interval(secs => least(60, power(2, least(6, v_failures - v_asked.free + 1))))
      WHERE subject = v_asked.subject;
    END IF;
  END LOOP;
  RETURN 0;
END $$;
