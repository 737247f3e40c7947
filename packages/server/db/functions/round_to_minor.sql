-- An exact amount in major units as minor ones, half up, to what the payment provider takes
-- (docs.stripe.com/currencies): of three decimals the last is 0, ISK and UGX end in 00.
CREATE OR REPLACE FUNCTION round_to_minor(_amount numeric, _currency text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (round(_amount * power(10::numeric, minor_unit_exponent(_currency)) / s.step)
          * s.step)::bigint
  FROM (SELECT CASE WHEN minor_unit_exponent(_currency) = 3 THEN 10
                    WHEN _currency IN ('isk', 'ugx') THEN 100 ELSE 1 END AS step) s
$$;
