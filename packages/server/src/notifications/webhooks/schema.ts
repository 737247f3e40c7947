import { z } from 'zod';
import { oneLine } from '../../http/fields.ts';
import { listQuery } from '../../http/list.ts';
import { webhookEventTypes } from './events.ts';

const eventType = z.enum(webhookEventTypes, {
  error: `must be one of ${webhookEventTypes.join(', ')}`,
});

const endpointFields = {
  id: z.string(),
  object: z.literal('webhook_endpoint'),
  workspace_id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  /** Null: every event, those that come later included. */
  events: z.array(z.string()).nullable(),
  active: z.boolean(),
  /** Why it was switched off without anybody's doing: it answered 410, or failed for days. */
  disabled_reason: z.enum(['gone', 'failing']).nullable(),
  failing_since: z.string().nullable(),
  /** Until then the secret before the last rotation signs too. */
  previous_secret_until: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
};

export const endpointSchema = z.object(endpointFields).meta({ id: 'WebhookEndpoint' });
export const newEndpointSchema = z
  .object({ ...endpointFields, secret: z.string().optional() })
  .meta({ id: 'NewWebhookEndpoint' });
export const deletedEndpointSchema = z.object({
  id: z.string(),
  object: z.literal('webhook_endpoint'),
  deleted: z.literal(true),
});

export type Endpoint = z.infer<typeof endpointSchema>;

const url = z.string().min(1).max(2_048);
const description = oneLine.max(200).nullable();
const events = z
  .array(eventType)
  .min(1, 'must name at least one event; null is all of them')
  .max(50)
  .transform((types) => [...new Set(types)])
  .nullable();

export const createEndpointSchema = z.strictObject({
  url,
  description: description.optional(),
  events: events.optional(),
  active: z.boolean().optional(),
});
export const updateEndpointSchema = createEndpointSchema.partial();

export type CreateEndpoint = z.infer<typeof createEndpointSchema>;
export type UpdateEndpoint = z.infer<typeof updateEndpointSchema>;

const deliveryStatus = z.enum(['waiting', 'succeeded', 'failed', 'cancelled']);

const deliveryFields = {
  id: z.string(),
  object: z.literal('webhook_delivery'),
  workspace_id: z.string(),
  endpoint_id: z.string(),
  /** The header `webhook-id`: the same in every attempt, also when it is sent again. */
  event_id: z.string(),
  type: z.string(),
  status: deliveryStatus,
  attempts: z.int(),
  /** Of the last attempt; null: there was no answer, or no attempt yet. */
  response_status: z.int().nullable(),
  last_error: z.string().nullable(),
  next_attempt_at: z.string().nullable(),
  created_at: z.string(),
  finished_at: z.string().nullable(),
};

export const deliverySchema = z.object(deliveryFields).meta({ id: 'WebhookDelivery' });
export const deliveryDetailSchema = z
  .object({
    ...deliveryFields,
    /** The body, byte by byte. */
    request_body: z.string(),
    tries: z.array(
      z.object({
        attempt: z.int(),
        started_at: z.string(),
        duration_ms: z.int(),
        response_status: z.int().nullable(),
        /** The beginning of the answer. */
        response_excerpt: z.string().nullable(),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'WebhookDeliveryDetail' });

export type Delivery = z.infer<typeof deliverySchema>;
export type DeliveryDetail = z.infer<typeof deliveryDetailSchema>;

export const listDeliveriesQuery = listQuery.extend({ status: deliveryStatus.optional() });
