-- The super admin's word that overage may be charged although no payment method is on file.
ALTER TABLE organization_subscriptions
  ADD COLUMN overage_charge_allowed boolean NOT NULL DEFAULT false;

-- overage: the first conversion past the limit in a period; its threshold is 0.
ALTER TABLE usage_alerts DROP CONSTRAINT usage_alerts_limit_name_check;
ALTER TABLE usage_alerts ADD CONSTRAINT usage_alerts_limit_name_check
  CHECK (limit_name IN ('monthly_limit', 'spend_cap', 'overage'));

-- For the sweep: units of external reservations that were given up. Nearly empty.
CREATE INDEX active_conversions_unit ON active_conversions (unit_expires_at)
  WHERE state = 'lapsed';
