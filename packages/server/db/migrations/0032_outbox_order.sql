-- Asked before conversions are, however many of those wait.
CREATE INDEX outbox_waiting_others ON outbox (id)
  WHERE processed_at IS NULL AND topic NOT LIKE 'conversion.%';
