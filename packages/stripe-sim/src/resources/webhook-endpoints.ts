import { contract } from '../contract/contract.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';
import type { WebhookEndpoint } from '../store/payment-documents.ts';

interface Input {
  api_version?: string;
  description?: string;
  disabled?: boolean;
  enabled_events?: string[];
  metadata?: MetadataInput;
  url?: string;
}

const shared = ['url', 'enabled_events', 'description', 'metadata'];

export const webhookEndpointRoutes: readonly Route[] = [
  route<Input>('POST /v1/webhook_endpoints', [...shared, 'api_version'], (tx, params) => {
    const endpoint = createEndpoint(tx, params);
    // The secret is told this once, as Stripe does it.
    return { ...endpoint, secret: endpoint.sim_secret };
  }),
  route<Input>('POST /v1/webhook_endpoints/{}', [...shared, 'disabled'], (tx, params, id) => {
    const endpoint = need(tx, 'webhook_endpoint', id);
    checkUrl(params.url);
    patch(endpoint, { ...params }, ['url', 'enabled_events', 'description']);
    endpoint.metadata = mergeMetadata(endpoint.metadata, params.metadata);
    if (params.disabled !== undefined) endpoint.status = params.disabled ? 'disabled' : 'enabled';
    return endpoint;
  }),
  route('GET /v1/webhook_endpoints/{}', [], (tx, _, id) => need(tx, 'webhook_endpoint', id)),
  route<PageParams>('GET /v1/webhook_endpoints', pageParams, (tx, params) =>
    pageOf(tx, 'webhook_endpoint', params, { url: '/v1/webhook_endpoints' }),
  ),
  route('DELETE /v1/webhook_endpoints/{}', [], (tx, _, id) => {
    need(tx, 'webhook_endpoint', id);
    tx.remove('webhook_endpoint', id);
    return { id, object: 'webhook_endpoint', deleted: true };
  }),
];

/** The endpoint of the process that the simulator runs in; deliveries that wait go there, too. */
export function keepEndpoint(tx: Transaction, url: string, secret: string): void {
  const [kept] = tx.getAll('webhook_endpoint', undefined, (one) => one.metadata.keeper === 'host');
  const endpoint = kept ?? createEndpoint(tx, { url, metadata: { keeper: 'host' } });
  Object.assign(endpoint, { url, sim_secret: secret, status: 'enabled' });
}

function createEndpoint(tx: Transaction, params: Input): WebhookEndpoint {
  checkUrl(params.url);
  return create(tx, 'webhook_endpoint', {
    api_version: params.api_version ?? contract.apiVersion,
    description: params.description ?? null,
    enabled_events: params.enabled_events ?? ['*'],
    metadata: mergeMetadata({}, params.metadata),
    status: 'enabled',
    url: params.url ?? '',
    sim_secret: `whsec_${randomText(32)}`,
  });
}

function checkUrl(url: string | undefined): void {
  if (url === undefined || /^https?:\/\/[^\s]+$/.test(url)) return;
  throw invalidRequest('Invalid URL: it must begin with http:// or https://.', {
    code: 'url_invalid',
    param: 'url',
  });
}
