-- While the provider is asked to remove a card nothing new may be charged to it. Over with the next card,
-- or none; a look at the provider that still sees it changes nothing.
ALTER TABLE organization_subscriptions
  ADD COLUMN card_being_removed boolean NOT NULL DEFAULT false;
