import type { Topic } from '../topics.ts';

/** What endpoints can be told of; each is announced under the same name. */
export const webhookEventTypes = [
  'conversion.succeeded',
  'conversion.failed',
  'usage.threshold_reached',
  'quota.exceeded',
  'subscription.changed',
  'invoice.finalized',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.payment_action_required',
] as const satisfies readonly Topic[];

export type WebhookEventType = (typeof webhookEventTypes)[number];

/** Sent to an endpoint that somebody tries out; no filter holds it back. */
export const testEventType = 'webhook.test';

export function isWebhookEventType(topic: string): topic is WebhookEventType {
  return (webhookEventTypes as readonly string[]).includes(topic);
}
