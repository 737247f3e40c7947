import type { HttpClient } from './http.ts';
import { listAll } from './pages.ts';
import type { ApiKey, NewApiKey } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface CreateApiKeyInput {
  name: string;
  scopes?: string[] | undefined;
  /** RFC 3339. */
  expiresAt?: string | undefined;
  /** Conversions a usage period at most. */
  monthlyLimit?: number | undefined;
  /** Addresses and CIDR ranges it may be used from. */
  allowedIps?: string[] | undefined;
  idempotencyKey?: string | undefined;
}

/** The workspace's API keys. */
export class ApiKeys {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Makes a key; its secret is in this reply and in no other. @throws MutateError */
  async create(input: CreateApiKeyInput): Promise<NewApiKey> {
    return this.#http.json<NewApiKey>({
      method: 'POST',
      path: await this.#workspace.to('api-keys'),
      json: {
        name: input.name,
        scopes: input.scopes,
        expires_at: input.expiresAt,
        monthly_limit: input.monthlyLimit,
        allowed_ips: input.allowedIps,
      },
      idempotencyKey: input.idempotencyKey,
    });
  }

  /** Every key, newest first, without secrets. @throws MutateError */
  async *list(): AsyncGenerator<ApiKey, void, undefined> {
    yield* listAll<ApiKey>(this.#http, await this.#workspace.to('api-keys'));
  }

  /**
   * Gives a key another secret. The one before is good for `expiresInSeconds` more, a day by default.
   *
   * @throws MutateError
   */
  async rotate(id: string, options: { expiresInSeconds?: number } = {}): Promise<NewApiKey> {
    return this.#http.json<NewApiKey>({
      method: 'POST',
      path: await this.#workspace.to('api-keys', id, 'rotate'),
      json: { expires_in: options.expiresInSeconds },
    });
  }

  /** Revokes a key. @throws MutateError */
  async delete(id: string): Promise<void> {
    const path = await this.#workspace.to('api-keys', id);
    await this.#http.nothing({ method: 'DELETE', path });
  }
}
