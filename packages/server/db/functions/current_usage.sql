-- The counters as they read at _as_of: before the first admission of a new period they are zero,
-- while slots and waiting jobs belong to no period.
CREATE OR REPLACE FUNCTION current_usage(_organization_ids text[], _as_of timestamptz)
RETURNS TABLE (
  organization_id text, period_start timestamptz, period_end timestamptz, used bigint,
  reserved bigint, overage bigint, active integer, queued integer, overage_accrued numeric,
  overage_reserved numeric
) LANGUAGE sql STABLE AS $$
  SELECT s.organization_id,
    CASE WHEN c.fresh THEN c.period_start ELSE p.period_start END,
    CASE WHEN c.fresh THEN c.period_end ELSE p.period_end END,
    CASE WHEN c.fresh THEN c.used ELSE 0 END,
    CASE WHEN c.fresh THEN c.reserved ELSE 0 END,
    CASE WHEN c.fresh THEN c.overage ELSE 0 END,
    coalesce(c.active, 0), coalesce(c.queued, 0),
    CASE WHEN c.fresh THEN c.overage_accrued ELSE 0 END,
    CASE WHEN c.fresh THEN c.overage_reserved ELSE 0 END
  FROM organization_subscriptions s
  LEFT JOIN (
    SELECT u.*, u.period_end > _as_of AS fresh FROM usage_counters u
    WHERE u.organization_id = ANY (_organization_ids)
  ) c ON c.organization_id = s.organization_id
  LEFT JOIN LATERAL (
    SELECT * FROM usage_period(s.usage_anchor, _as_of) WHERE c.fresh IS NOT TRUE OFFSET 0
  ) p ON true
  WHERE s.organization_id = ANY (_organization_ids)
$$;
