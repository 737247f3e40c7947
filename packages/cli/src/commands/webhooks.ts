import type { Mutate, NewWebhookEndpoint, WebhookDelivery, WebhookEndpoint } from '@mutate/sdk';

import { printable, textFlag, UsageError, type Command, type Invocation } from '../command.ts';
import { connect, connectionHelp, connectionOptions } from '../connect.ts';
import { formatTable } from '../format.ts';
import { show } from '../show.ts';

const deliveriesShownMax = 50;
const actions = ['test', 'redeliver', 'rotate-secret', 'delete'] as const;

/** `mutate webhooks`: where the workspace's events go, and what came of them. */
export const webhooksCommand: Command = {
  name: 'webhooks',
  summary: 'where events are sent, and what came of it',
  help: `mutate webhooks [ENDPOINT] [options]

Lists the webhook endpoints. With the id of one: its newest deliveries.

  --create URL          makes an endpoint; its secret is shown this once
  --events A,B          with --create: only these events
  --test                sends a test event to ENDPOINT
  --redeliver DELIVERY  sends a delivery of ENDPOINT again
  --rotate-secret       gives ENDPOINT a new secret; for 24 hours the old one signs too
  --delete              deletes ENDPOINT with its log
  --json                the server's answer as JSON

${connectionHelp}`,
  options: {
    ...connectionOptions,
    create: { type: 'string' },
    events: { type: 'string' },
    test: { type: 'boolean' },
    redeliver: { type: 'string' },
    'rotate-secret': { type: 'boolean' },
    delete: { type: 'boolean' },
  },
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { io, flags, positionals } = invocation;
  const [id, ...others] = positionals;
  const [url, events] = [textFlag(flags, 'create'), textFlag(flags, 'events')];
  const asked = actions.filter((action) => flags[action] !== undefined);
  if (others.length > 0) throw new UsageError('mutate webhooks takes at most one endpoint id.');
  if (asked.length > 1) throw new UsageError(`Give only one of --${asked.join(' and --')}.`);
  if (id === undefined && asked[0] !== undefined) {
    throw new UsageError(`--${asked[0]} needs the id of an endpoint.`);
  }
  if (url !== undefined && id !== undefined) throw new UsageError('--create takes no id.');
  if (events !== undefined && url === undefined) throw new UsageError('--events needs --create.');
  const client = connect(flags, io.env);
  if (url !== undefined) {
    const wanted = events?.split(',').map((type) => type.trim());
    const made = await client.webhookEndpoints.create({ url, events: wanted });
    return show(invocation, made, describeNew);
  }
  if (id === undefined) return listEndpoints(client, invocation);
  return act(client, invocation, id);
}

async function act(client: Mutate, invocation: Invocation, id: string): Promise<number> {
  const { flags } = invocation;
  const { webhookEndpoints: endpoints } = client;
  const deliveryId = textFlag(flags, 'redeliver');
  if (flags['test'] === true) return show(invocation, await endpoints.test(id), describeQueued);
  if (deliveryId !== undefined) {
    return show(invocation, await endpoints.redeliver(id, deliveryId), describeQueued);
  }
  if (flags['rotate-secret'] === true) {
    return show(invocation, await endpoints.rotateSecret(id), describeNew);
  }
  if (flags['delete'] === true) {
    await endpoints.delete(id);
    return show(invocation, { id, deleted: true }, () => `Deleted ${printable(id)}.\n`);
  }
  return listDeliveries(client, invocation, id);
}

async function listEndpoints(client: Mutate, invocation: Invocation): Promise<number> {
  const endpoints: WebhookEndpoint[] = [];
  for await (const endpoint of client.webhookEndpoints.list({ signal: invocation.io.signal })) {
    endpoints.push(endpoint);
  }
  return show(invocation, endpoints, (all) =>
    all.length === 0 ? 'There are no webhook endpoints.\n' : formatTable(all.map(rowOfEndpoint)),
  );
}

function rowOfEndpoint(endpoint: WebhookEndpoint): string[] {
  const { id, url, events, active, disabled_reason: reason, failing_since: since } = endpoint;
  const off = reason === null ? 'off' : `off: ${reason}`;
  const state = active ? (since === null ? 'on' : `failing since ${since.slice(0, 10)}`) : off;
  return [id, state, url, events === null ? 'every event' : events.join(', ')].map(printable);
}

async function listDeliveries(client: Mutate, invocation: Invocation, id: string): Promise<number> {
  const { signal } = invocation.io;
  const deliveries: WebhookDelivery[] = [];
  for await (const delivery of client.webhookEndpoints.deliveries(id, { signal })) {
    deliveries.push(delivery);
    if (deliveries.length === deliveriesShownMax) break;
  }
  return show(invocation, deliveries, (all) =>
    all.length === 0 ? 'Nothing was sent to it.\n' : formatTable(all.map(rowOfDelivery)),
  );
}

function rowOfDelivery(delivery: WebhookDelivery): string[] {
  const { id, created_at: at, type, status, attempts, last_error: error } = delivery;
  const time = `${at.slice(0, 10)} ${at.slice(11, 19)}`;
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  return [time, id, type, status, tries, error ?? ''].map(printable);
}

function describeNew(endpoint: NewWebhookEndpoint): string {
  const { id, url, secret = '' } = endpoint;
  const rows = [
    ['Endpoint', id],
    ['URL', url],
    ['Secret', secret],
  ];
  const table = formatTable(rows.map((row) => row.map(printable)));
  return `${table}\nThe secret is not shown again.\n`;
}

function describeQueued({ id, type, endpoint_id: endpointId }: WebhookDelivery): string {
  const what = `${printable(type)} is on its way (${printable(id)}).`;
  return `${what}\nSee what comes of it: mutate webhooks ${printable(endpointId)}\n`;
}
