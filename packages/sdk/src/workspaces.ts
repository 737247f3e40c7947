import type { CallOptions, HttpClient } from './http.ts';
import { listAll } from './pages.ts';
import type { Workspace } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface UpdateWorkspaceInput {
  name?: string | undefined;
  /** An IANA name such as `Europe/Berlin`. */
  timeZone?: string | undefined;
  /** How long files are kept. */
  retentionHours?: number | undefined;
  /** Percent, ascending. */
  alertThresholds?: number[] | undefined;
}

export interface ExportWorkspaceInput extends CallOptions {
  /** `zip`: with the files that are still kept. By default `ndjson`: one object a line. */
  format?: 'ndjson' | 'zip' | undefined;
}

/**
 * The workspaces that the caller may see. Without an id, where it may be left out, the client's own.
 * Every method throws `MutateError`.
 */
export class Workspaces {
  readonly #http: HttpClient;
  readonly #own: WorkspacePath;

  constructor(http: HttpClient, own: WorkspacePath) {
    this.#http = http;
    this.#own = own;
  }

  async *list(options: CallOptions = {}): AsyncGenerator<Workspace, void, undefined> {
    yield* listAll<Workspace>(this.#http, '/v1/workspaces', {}, options.signal);
  }

  create(input: { name: string }): Promise<Workspace> {
    const { name } = input;
    return this.#http.json<Workspace>({ method: 'POST', path: '/v1/workspaces', json: { name } });
  }

  async get(id?: string, options: CallOptions = {}): Promise<Workspace> {
    const path = await this.#pathOf(id);
    return this.#http.json<Workspace>({ method: 'GET', path, ...options });
  }

  async update(id: string | undefined, input: UpdateWorkspaceInput): Promise<Workspace> {
    return this.#http.json<Workspace>({
      method: 'PATCH',
      path: await this.#pathOf(id),
      json: {
        name: input.name,
        time_zone: input.timeZone,
        retention_hours: input.retentionHours,
        alert_thresholds: input.alertThresholds,
      },
    });
  }

  /** Everything that is kept about it; cancel the stream when you stop early. */
  async export(
    id?: string,
    { format, signal }: ExportWorkspaceInput = {},
  ): Promise<ReadableStream<Uint8Array>> {
    return this.#http.stream({
      method: 'POST',
      path: `${await this.#pathOf(id)}/export`,
      query: { format },
      headers: { accept: '*/*' },
      signal,
    });
  }

  /** Deletes the files of all conversions that have ended; answers of how many. */
  async purge(id?: string): Promise<number> {
    const path = `${await this.#pathOf(id)}/purge`;
    return (await this.#http.json<{ purged: number }>({ method: 'POST', path })).purged;
  }

  /** For good; by an owner who is signed in, or with the operator's key. `name`: its name, to confirm. */
  async delete(id: string | undefined, confirmation: { name: string }): Promise<void> {
    const path = await this.#pathOf(id);
    const json = { name: confirmation.name };
    await this.#http.nothing({ method: 'DELETE', path, json, goneStatus: 404 });
  }

  #pathOf(id: string | undefined): Promise<string> {
    return id === undefined
      ? this.#own.to()
      : Promise.resolve(`/v1/workspaces/${encodeURIComponent(id)}`);
  }
}
