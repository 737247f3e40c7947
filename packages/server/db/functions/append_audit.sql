-- Adds an entry to a chain and answers its sequence. The chain's head stays locked until the
-- transaction ends, so this is its last statement.
CREATE OR REPLACE FUNCTION append_audit(
  _chain_id text, _id text, _organization_id text, _actor_kind text, _actor_id text, _action text,
  _target_kind text, _target_id text, _request_id text, _payload jsonb, _as_of timestamptz,
  _impersonated_by text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_head audit_heads;
  v_entry audit_log;
BEGIN
  SELECT * INTO v_head FROM audit_heads WHERE chain_id = _chain_id FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO audit_heads (chain_id, sequence, hash)
    VALUES (_chain_id, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT DO NOTHING;
    SELECT * INTO v_head FROM audit_heads WHERE chain_id = _chain_id FOR UPDATE;
  END IF;
  v_entry.chain_id := _chain_id;
  v_entry.sequence := v_head.sequence + 1;
  v_entry.id := _id;
  v_entry.organization_id := _organization_id;
  v_entry.actor_kind := _actor_kind;
  v_entry.actor_id := _actor_id;
  v_entry.action := _action;
  v_entry.target_kind := _target_kind;
  v_entry.target_id := _target_id;
  v_entry.request_id := _request_id;
  v_entry.impersonated_by := _impersonated_by;
  v_entry.payload := _payload;
  v_entry.payload_salt := uuid_send(gen_random_uuid());
  v_entry.payload_digest := audit_payload_digest(v_entry.payload_salt, _payload);
  v_entry.previous_hash := v_head.hash;
  v_entry.created_at := _as_of;
  v_entry.hash := audit_entry_hash(v_entry);
  INSERT INTO audit_log SELECT v_entry.*;
  UPDATE audit_heads SET sequence = v_entry.sequence, hash = v_entry.hash
  WHERE chain_id = _chain_id;
  RETURN v_entry.sequence;
END $$;
