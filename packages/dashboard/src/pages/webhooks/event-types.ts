/** What an endpoint can be told of; docs/webhooks.md says what is in each. */
export const eventTypes = [
  'conversion.succeeded',
  'conversion.failed',
  'usage.threshold_reached',
  'quota.exceeded',
  'subscription.changed',
  'invoice.finalized',
  'invoice.paid',
  'invoice.payment_failed',
];
