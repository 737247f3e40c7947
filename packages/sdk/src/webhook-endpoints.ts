import type { CallOptions, HttpClient } from './http.ts';
import { listAll, onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';
import type {
  NewWebhookEndpoint,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookEndpoint,
} from './webhook-types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface UpdateWebhookEndpointInput {
  url?: string | undefined;
  description?: string | null | undefined;
  /** Null: every event. */
  events?: string[] | null | undefined;
  active?: boolean | undefined;
}

export interface ListDeliveriesInput extends PageInput {
  status?: WebhookDelivery['status'] | undefined;
}

export interface CreateWebhookEndpointInput extends UpdateWebhookEndpointInput {
  url: string;
  idempotencyKey?: string | undefined;
}

/** Where the workspace's events go. Every method throws `MutateError`. */
export class WebhookEndpoints {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Makes an endpoint; its secret is in this reply and in no other. */
  async create(input: CreateWebhookEndpointInput): Promise<NewWebhookEndpoint> {
    const { idempotencyKey, ...json } = input;
    const path = await this.#to();
    return this.#http.json<NewWebhookEndpoint>({ method: 'POST', path, json, idempotencyKey });
  }

  async *list({ signal }: CallOptions = {}): AsyncGenerator<WebhookEndpoint, void, undefined> {
    yield* listAll<WebhookEndpoint>(this.#http, await this.#to(), {}, signal);
  }

  async get(id: string, call: CallOptions = {}): Promise<WebhookEndpoint> {
    return this.#http.json<WebhookEndpoint>({ method: 'GET', path: await this.#to(id), ...call });
  }

  async update(id: string, input: UpdateWebhookEndpointInput): Promise<WebhookEndpoint> {
    const path = await this.#to(id);
    return this.#http.json<WebhookEndpoint>({ method: 'PATCH', path, json: input });
  }

  async delete(id: string): Promise<void> {
    await this.#http.nothing({ method: 'DELETE', path: await this.#to(id) });
  }

  /** A new secret, in this reply only; the former one signs too for 24 hours. */
  async rotateSecret(id: string): Promise<NewWebhookEndpoint> {
    const path = await this.#to(id, 'rotate-secret');
    return this.#http.json<NewWebhookEndpoint>({ method: 'POST', path });
  }

  /** Sends a `webhook.test` event; what comes of it is in its delivery. */
  async test(id: string): Promise<WebhookDelivery> {
    const path = await this.#to(id, 'test');
    return this.#http.json<WebhookDelivery>({ method: 'POST', path });
  }

  async *deliveries(
    id: string,
    { status, signal }: { status?: WebhookDelivery['status'] | undefined } & CallOptions = {},
  ): AsyncGenerator<WebhookDelivery, void, undefined> {
    const path = await this.#to(id, 'deliveries');
    yield* listAll<WebhookDelivery>(this.#http, path, { status }, signal);
  }

  /** One page of them, newest first. */
  async deliveriesPage(
    id: string,
    input: ListDeliveriesInput = {},
  ): Promise<List<WebhookDelivery>> {
    const path = await this.#to(id, 'deliveries');
    return onePage<WebhookDelivery>(this.#http, path, input, { status: input.status });
  }

  async delivery(id: string, deliveryId: string): Promise<WebhookDeliveryDetail> {
    const path = await this.#to(id, 'deliveries', deliveryId);
    return this.#http.json<WebhookDeliveryDetail>({ method: 'GET', path });
  }

  /** Sends a delivery again, under the same `webhook-id`. */
  async redeliver(id: string, deliveryId: string): Promise<WebhookDelivery> {
    const path = await this.#to(id, 'deliveries', deliveryId, 'redeliver');
    return this.#http.json<WebhookDelivery>({ method: 'POST', path });
  }

  #to(...parts: string[]): Promise<string> {
    return this.#workspace.to('webhook-endpoints', ...parts);
  }
}
