import type { CallOptions, HttpClient } from './http.ts';
import { listAll, onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

/** One administrative change. `before` and `after` are null once they were erased. */
export interface AuditEntry {
  id: string;
  object: 'audit_entry';
  workspace_id: string | null;
  actor: { kind: string; id: string };
  action: string;
  target: { kind: string; id: string };
  before: unknown;
  after: unknown;
  reason: string | null;
  erased: boolean;
  request_id: string | null;
  chain_id: string;
  sequence: number;
  hash: string;
  created_at: string;
}

export type ListAuditInput = PageInput;

/** Who changed what in the workspace. Every method throws `MutateError`. */
export class AuditLog {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Every entry, newest first. */
  async *list(): AsyncGenerator<AuditEntry, void, undefined> {
    yield* listAll<AuditEntry>(this.#http, await this.#workspace.to('audit-log'));
  }

  /** One page, newest first. */
  async page(input: ListAuditInput = {}): Promise<List<AuditEntry>> {
    return onePage<AuditEntry>(this.#http, await this.#workspace.to('audit-log'), input);
  }

  /** Every entry from the first on, with its hash; cancel the stream when you stop early. */
  async export(
    format: 'ndjson' | 'csv' = 'ndjson',
    { signal }: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    return this.#http.stream({
      method: 'GET',
      path: await this.#workspace.to('audit-log', 'export'),
      query: { format },
      headers: { accept: '*/*' },
      signal,
    });
  }

  /** Where a browser with a session downloads the same, below the server's address. */
  async exportPath(format: 'ndjson' | 'csv'): Promise<string> {
    return `${await this.#workspace.to('audit-log', 'export')}?format=${format}`;
  }
}
