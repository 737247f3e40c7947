-- The most that one conversion past the limit can cost, of whatever type and in whatever tier.
CREATE OR REPLACE FUNCTION highest_overage_amount(
  _amount numeric, _amounts_by_type jsonb, _tiers jsonb
) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT greatest(_amount,
    (SELECT max(t.amount::numeric) FROM jsonb_each_text(_amounts_by_type) AS t (type, amount)),
    (SELECT max((t.tier ->> 'amount')::numeric) FROM jsonb_array_elements(_tiers) AS t (tier)))
$$;
