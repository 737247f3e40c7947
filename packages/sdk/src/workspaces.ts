import type { CallOptions, HttpClient } from './http.ts';
import { listAll } from './pages.ts';
import type { Workspace } from './types.ts';

export interface UpdateWorkspaceInput {
  name?: string | undefined;
  /** An IANA name such as `Europe/Berlin`. */
  timeZone?: string | undefined;
  retentionHours?: number | undefined;
  /** Percent, ascending. */
  alertThresholds?: number[] | undefined;
}

/** The workspaces that the caller may see. Every method throws `MutateError`. */
export class Workspaces {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async *list(options: CallOptions = {}): AsyncGenerator<Workspace, void, undefined> {
    yield* listAll<Workspace>(this.#http, '/v1/workspaces', {}, options.signal);
  }

  create(input: { name: string }): Promise<Workspace> {
    const { name } = input;
    return this.#http.json<Workspace>({ method: 'POST', path: '/v1/workspaces', json: { name } });
  }

  get(id: string, options: CallOptions = {}): Promise<Workspace> {
    return this.#http.json<Workspace>({ method: 'GET', path: pathOf(id), ...options });
  }

  update(id: string, input: UpdateWorkspaceInput): Promise<Workspace> {
    return this.#http.json<Workspace>({
      method: 'PATCH',
      path: pathOf(id),
      json: {
        name: input.name,
        time_zone: input.timeZone,
        retention_hours: input.retentionHours,
        alert_thresholds: input.alertThresholds,
      },
    });
  }
}

function pathOf(id: string): string {
  return `/v1/workspaces/${encodeURIComponent(id)}`;
}
