-- What the n-th conversion past the limit of a period costs under graduated prices: a tier reaches
-- up to and with its up_to, the last one without end.
CREATE OR REPLACE FUNCTION overage_tier_amount(_tiers jsonb, _position bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (t.tier ->> 'amount')::numeric
  FROM jsonb_array_elements(_tiers) WITH ORDINALITY AS t (tier, n)
  WHERE coalesce((t.tier ->> 'up_to')::bigint >= _position, true)
  ORDER BY t.n LIMIT 1
$$;
