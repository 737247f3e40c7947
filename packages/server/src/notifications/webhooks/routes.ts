import { listOf, listQuery } from '../../http/list.ts';
import { defineRoute } from '../../http/route.ts';
import type { NotificationDeps } from '../deps.ts';
import { findDelivery, listDeliveries, redeliver, sendTest } from './deliveries.ts';
import {
  createEndpoint,
  deleteEndpoint,
  findEndpoint,
  listEndpoints,
  rotateSecret,
  updateEndpoint,
} from './endpoints.ts';
import {
  createEndpointSchema,
  deletedEndpointSchema,
  deliveryDetailSchema,
  deliverySchema,
  endpointSchema,
  listDeliveriesQuery,
  newEndpointSchema,
  updateEndpointSchema,
} from './schema.ts';

const url = '/v1/workspaces/:workspaceId/webhook-endpoints';
const oneUrl = `${url}/:endpointId` as const;
const tag = 'Webhooks';
const access = { kind: 'workspace', scope: 'webhooks:write' } as const;

const secretOnce =
  '`secret` is shown in this reply only; a reply repeated for an `Idempotency-Key` comes without it.';

/** Where a workspace's events go. */
export function webhookRoutes(deps: NotificationDeps) {
  return [...endpointRoutes(deps), ...secretRoutes(deps), ...deliveryRoutes];
}

function endpointRoutes(deps: NotificationDeps) {
  return [
    defineRoute({
      method: 'POST',
      url,
      operationId: 'createWebhookEndpoint',
      summary: 'Create a webhook endpoint',
      description: `${secretOnce} \`events\` null or absent means every event. Only public hosts, by https.`,
      tag,
      access,
      body: createEndpointSchema,
      responses: { 201: newEndpointSchema },
      errors: ['conflict'],
      secretMember: 'secret',
      handler: ({ ctx, body }) => createEndpoint(ctx, deps, body),
    }),
    defineRoute({
      method: 'GET',
      url,
      operationId: 'listWebhookEndpoints',
      summary: "The workspace's webhook endpoints",
      tag,
      access,
      query: listQuery,
      responses: { 200: listOf(endpointSchema) },
      errors: [],
      handler: ({ ctx, query }) => listEndpoints(ctx, query),
    }),
    defineRoute({
      method: 'GET',
      url: oneUrl,
      operationId: 'getWebhookEndpoint',
      summary: 'One webhook endpoint',
      tag,
      access,
      responses: { 200: endpointSchema },
      errors: ['not_found'],
      handler: ({ ctx, params }) => findEndpoint(ctx, params.endpointId),
    }),
    defineRoute({
      method: 'PATCH',
      url: oneUrl,
      operationId: 'updateWebhookEndpoint',
      summary: 'Change a webhook endpoint, switch it off or on',
      description:
        'Switched off, what waits for it is cancelled and nothing is kept for it; switched on, it ' +
        'gets what happens from then on.',
      tag,
      access,
      body: updateEndpointSchema,
      responses: { 200: endpointSchema },
      errors: ['not_found'],
      handler: ({ ctx, params, body }) => updateEndpoint(ctx, deps, params.endpointId, body),
    }),
    defineRoute({
      method: 'DELETE',
      url: oneUrl,
      operationId: 'deleteWebhookEndpoint',
      summary: 'Delete a webhook endpoint with its log of deliveries',
      tag,
      access,
      responses: { 200: deletedEndpointSchema },
      errors: ['not_found'],
      handler: ({ ctx, params }) => deleteEndpoint(ctx, params.endpointId),
    }),
  ];
}

function secretRoutes(deps: NotificationDeps) {
  return [
    defineRoute({
      method: 'POST',
      url: `${oneUrl}/rotate-secret`,
      operationId: 'rotateWebhookSecret',
      summary: 'Give a webhook endpoint a new secret',
      description: `${secretOnce} For 24 hours deliveries are signed with the former one too.`,
      tag,
      access,
      responses: { 200: newEndpointSchema },
      errors: ['not_found'],
      secretMember: 'secret',
      handler: ({ ctx, params }) => rotateSecret(ctx, deps, params.endpointId),
    }),
    defineRoute({
      method: 'POST',
      url: `${oneUrl}/test`,
      operationId: 'testWebhookEndpoint',
      summary: 'Send a test event to a webhook endpoint',
      description: 'A `webhook.test` event, tried once: what came of it is in its delivery.',
      tag,
      access,
      responses: { 202: deliverySchema },
      errors: ['not_found', 'conflict'],
      handler: ({ ctx, params }) => sendTest(ctx, params.endpointId),
    }),
  ];
}

const deliveryRoutes = [
  defineRoute({
    method: 'GET',
    url: `${oneUrl}/deliveries`,
    operationId: 'listWebhookDeliveries',
    summary: 'What was sent to a webhook endpoint',
    description: 'Newest first, for 30 days.',
    tag,
    access,
    query: listDeliveriesQuery,
    responses: { 200: listOf(deliverySchema) },
    errors: ['not_found'],
    handler: ({ ctx, params, query }) => listDeliveries(ctx, params.endpointId, query),
  }),
  defineRoute({
    method: 'GET',
    url: `${oneUrl}/deliveries/:deliveryId`,
    operationId: 'getWebhookDelivery',
    summary: 'One delivery: what was sent, and what each attempt was answered',
    tag,
    access,
    responses: { 200: deliveryDetailSchema },
    errors: ['not_found'],
    handler: ({ ctx, params }) => findDelivery(ctx, params.endpointId, params.deliveryId),
  }),
  defineRoute({
    method: 'POST',
    url: `${oneUrl}/deliveries/:deliveryId/redeliver`,
    operationId: 'redeliverWebhook',
    summary: 'Send a delivery again',
    description: 'At once, and then by the whole schedule, under the same `webhook-id`.',
    tag,
    access,
    responses: { 202: deliverySchema },
    errors: ['not_found', 'conflict'],
    handler: ({ ctx, params }) => redeliver(ctx, params.endpointId, params.deliveryId),
  }),
];
