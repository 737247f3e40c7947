-- Digits after the point in Stripe's minor units (docs.stripe.com/currencies), not ISO's: ISK and
-- UGX are sent with two decimals, always 00.
CREATE OR REPLACE FUNCTION minor_unit_exponent(_currency text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN _currency IN ('bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf',
                       'vnd', 'vuv', 'xaf', 'xof', 'xpf') THEN 0
    WHEN _currency IN ('bhd', 'jod', 'kwd', 'omr', 'tnd') THEN 3
    ELSE 2
  END
$$;
