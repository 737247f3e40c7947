-- The audit log is append-only for everybody, its owner included. ALWAYS: also for a session that
-- calls itself a replica. Who disables the triggers can still change a row; verify_audit_chain()
-- finds it.

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The one change there is: erase_audit_payload() names the row it is about.
  IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' THEN
    IF current_setting('mutate.erasing_audit_payload', true) = OLD.id
       AND NEW.payload IS NULL AND NEW.payload_salt IS NULL
       AND to_jsonb(NEW) - 'payload' - 'payload_salt'
         = to_jsonb(OLD) - 'payload' - 'payload_salt' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_log_unchanged BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_kept BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_unchanged;
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_kept;

-- The head of a chain moves forward, one entry at a time.
CREATE FUNCTION refuse_audit_head_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.sequence = 0 THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF NEW.chain_id = OLD.chain_id AND NEW.sequence = OLD.sequence + 1 THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the head of an audit chain only moves forward: % is refused', TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_heads_forward BEFORE INSERT OR UPDATE OR DELETE ON audit_heads
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_head_change();
CREATE TRIGGER audit_heads_kept BEFORE TRUNCATE ON audit_heads
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_head_change();
ALTER TABLE audit_heads ENABLE ALWAYS TRIGGER audit_heads_forward;
ALTER TABLE audit_heads ENABLE ALWAYS TRIGGER audit_heads_kept;
