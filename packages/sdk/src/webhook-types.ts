/** What an endpoint can be told of; what comes with each: docs/webhooks.md. */
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
] as const;

export type WebhookEventType = (typeof webhookEventTypes)[number];

/** Where a workspace wants its events. */
export interface WebhookEndpoint {
  id: string;
  object: 'webhook_endpoint';
  workspace_id: string;
  url: string;
  description: string | null;
  /** Null: every event. */
  events: string[] | null;
  active: boolean;
  /** Why it was switched off without anybody's doing. */
  disabled_reason: 'gone' | 'failing' | null;
  failing_since: string | null;
  previous_secret_until: string | null;
  created_at: string;
  updated_at: string;
}

export interface NewWebhookEndpoint extends WebhookEndpoint {
  /** `whsec_…`, in this reply only. */
  secret?: string;
}

/** One event to one endpoint. */
export interface WebhookDelivery {
  id: string;
  object: 'webhook_delivery';
  workspace_id: string;
  endpoint_id: string;
  /** The header `webhook-id`. */
  event_id: string;
  type: string;
  status: 'waiting' | 'succeeded' | 'failed' | 'cancelled';
  attempts: number;
  response_status: number | null;
  last_error: string | null;
  next_attempt_at: string | null;
  created_at: string;
  finished_at: string | null;
}

export interface WebhookTry {
  attempt: number;
  started_at: string;
  duration_ms: number;
  response_status: number | null;
  response_excerpt: string | null;
  error: string | null;
}

export interface WebhookDeliveryDetail extends WebhookDelivery {
  request_body: string;
  tries: WebhookTry[];
}

/** What a member is told of by mail. */
export interface NotificationPreferences {
  object: 'notification_preferences';
  member_id: string;
  email: string;
  usage: boolean;
  billing: boolean;
  security: boolean;
  digest: boolean;
  receives: ('usage' | 'billing' | 'security' | 'digest')[];
}

/** A mail that was sent, waits, or was given up. */
export interface Mail {
  id: string;
  object: 'mail';
  workspace_id: string | null;
  topic: string;
  category: string;
  recipient_email: string;
  subject: string;
  status: 'waiting' | 'sent' | 'failed';
  attempts: number;
  next_attempt_at: string | null;
  last_error: string | null;
  sent_at: string | null;
  created_at: string;
}

export interface RenderedMail extends Mail {
  text: string;
  html: string;
}
