-- Makes an organization and its one subscription, on the current version of a plan that is offered
-- to everybody. Usage periods are counted from this moment. False: there is no such plan.
CREATE OR REPLACE FUNCTION create_organization(
  _id text, _name text, _slug text, _billing_email text, _subscription_id text, _plan_id text,
  _as_of timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_version integer;
BEGIN
  SELECT current_version INTO v_version FROM subscription_plans
  WHERE id = _plan_id AND active AND organization_id IS NULL
  FOR SHARE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO organization (id, name, slug, billing_email, plan_id, created_at)
  VALUES (_id, _name, _slug, _billing_email, _plan_id, _as_of);
  INSERT INTO organization_subscriptions (organization_id, id, plan_id, plan_version, status,
    usage_anchor, current_period_start, current_period_end, created_at, updated_at)
  SELECT _id, _subscription_id, _plan_id, v_version, 'active', _as_of, p.period_start,
    p.period_end, _as_of, _as_of
  FROM subscription_period(_as_of, _as_of, 'month') p;
  RETURN true;
END $$;
