-- The same decision one call after the other, for organizations with a spend cap or with a key that
-- has a limit of its own: there a refusal of one call changes what is left for the next.
CREATE OR REPLACE FUNCTION decide_admissions_in_order(
  _organization_ids text[], _modes text[], _types text[], _bytes bigint[], _api_key_ids text[],
  _duplicates boolean[], _queued_max integer, _as_of timestamptz, _apart boolean
) RETURNS SETOF admission_decision LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  o record;
  c record;
  v admission_decision;
  v_cap numeric;
  v_keys jsonb;
  v_past_limit boolean;
  v_unit_amount numeric;
BEGIN
  FOR o IN
    SELECT l.*, u.period_start, u.period_end, u.used, u.reserved, u.active, u.queued,
      u.overage, u.overage_accrued, u.overage_reserved
    FROM effective_limits(_organization_ids, _as_of) l
    JOIN current_usage(_organization_ids, _as_of) u USING (organization_id)
  LOOP
    v_cap := o.spend_cap_minor / power(10::numeric, minor_unit_exponent(o.currency));
    -- The most that one of those running can cost yet: its price is that of its admission.
    v_unit_amount := CASE WHEN v_cap IS NOT NULL THEN greatest(o.unit_amount_max, (
      SELECT max(highest_overage_amount(a.unit_amount, NULL, a.overage_tiers))
      FROM active_conversions a
      WHERE a.organization_id = o.organization_id AND a.period_start = o.period_start
        AND a.overage_policy = 'charge')) END;
    v_keys := capped_key_usage(o.organization_id, o.period_start);
    FOR c IN
      SELECT * FROM unnest(_modes, _types, _bytes, _api_key_ids, _duplicates, _organization_ids)
        WITH ORDINALITY AS x (mode, type, bytes, api_key_id, duplicate, organization_id, ordinal)
      WHERE x.organization_id = o.organization_id ORDER BY x.ordinal
    LOOP
      v := ROW(c.ordinal, NULL, o.organization_id, o.plan_id, o.plan_version, o.plan_name,
        o.override_id, o.monthly_limit, o.used, o.reserved, o.concurrent_limit, o.active, o.queued,
        o.max_file_size_mb * 1048576::bigint, o.overage_policy,
        coalesce((o.unit_amounts_by_type ->> c.type)::numeric,
          overage_tier_amount(o.overage_tiers, o.overage + 1), o.unit_amount), o.currency,
        o.spend_cap_minor, 0, (v_keys -> c.api_key_id ->> 'limit')::bigint,
        (v_keys -> c.api_key_id ->> 'used')::bigint, o.period_start, o.period_end,
        greatest(_as_of, o.period_start), o.retention_hours,
        CASE WHEN o.unit_amounts_by_type -> c.type IS NULL THEN o.overage_tiers END);
      v_past_limit := coalesce(o.used + o.reserved >= o.monthly_limit, false);
      IF v_past_limit AND o.overage_policy = 'charge' THEN
        v.overage_reserved := o.unit_amount_max;
      END IF;
      v.verdict := CASE
        WHEN c.duplicate THEN 'duplicate'
        WHEN o.blocked IS NOT NULL THEN o.blocked
        WHEN c.bytes > v.file_bytes_max THEN 'file_too_large'
        WHEN v_past_limit AND o.overage_policy = 'block' THEN
          CASE WHEN o.overdue THEN 'payment_overdue' ELSE 'quota_exceeded' END
        WHEN v.key_used >= v.key_limit THEN 'quota_exceeded'
        -- Which of those running end up past the limit shows at completion; how many, now: all
        -- that there are, with this one, but those that fit under the limit.
        WHEN v.overage_reserved > 0 AND o.overage_accrued + v_unit_amount
            * (o.reserved + 1 - greatest(o.monthly_limit - o.used, 0)) > v_cap
          THEN 'spend_cap_reached'
        WHEN c.mode = 'sync' AND o.active >= o.concurrent_limit THEN 'concurrency_limited'
        WHEN c.mode = 'async' AND o.queued >= _queued_max THEN 'queue_full'
        WHEN v_past_limit THEN 'allowed_overage'
        ELSE 'allowed' END;
      IF v.verdict IN ('allowed', 'allowed_overage') AND NOT _apart THEN
        o.reserved := o.reserved + 1;
        IF c.mode = 'sync' THEN o.active := o.active + 1; ELSE o.queued := o.queued + 1; END IF;
        IF v.key_limit IS NOT NULL THEN
          v_keys := jsonb_set(v_keys, ARRAY[c.api_key_id, 'used'], to_jsonb(v.key_used + 1));
        END IF;
      END IF;
      -- As in the set-wise form: slots as they stood before the batch, units as before this call.
      RETURN NEXT v;
    END LOOP;
  END LOOP;
END $$;
