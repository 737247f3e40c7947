-- Subscriptions that are alive at the payment provider beside the one that counts: each is charged,
-- and only people can tell which was meant. Empty: as it should be.
ALTER TABLE organization_subscriptions
  ADD COLUMN extra_subscription_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX organization_subscriptions_extra ON organization_subscriptions (organization_id)
  WHERE extra_subscription_ids <> '{}';
