import type { CallOptions, HttpClient } from './http.ts';
import type { List, Usage } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface UsageHistoryInput extends CallOptions {
  interval: 'period' | 'month' | 'day' | 'hour';
  /** RFC 3339, or a date in UTC. */
  from?: string | undefined;
  to?: string | undefined;
  groupBy?: 'type' | 'api_key' | 'member' | undefined;
}

export interface UsageExportInput {
  format: 'csv' | 'ndjson';
  /** RFC 3339, or a date in UTC; without both the current period. */
  from?: string;
  to?: string;
}

export interface UsageBucket {
  object: 'usage_bucket';
  start: string;
  end: string;
  /** With `groupBy`: the type, key or member; null: asked for in another way. */
  group?: string | null;
  conversions: number;
  overage: number;
  failed: number;
  bytes_in: number;
  bytes_out: number;
  /** Conversions by type; null when grouped by key or member. */
  breakdown: Record<string, number> | null;
}

/** Why a conversion was refused or charged. */
export interface UsageDecision {
  object: 'usage_decision';
  request_id: string;
  outcome: string;
  verdict: string;
  /** In words. */
  detail: string;
  decided_at: string;
  job_id: string | null;
  plan: { id: string; name: string; version: number };
  rule: { name: string; source: string } | null;
  numbers: Record<string, number | null>;
  period: { start: string; end: string };
  next_free: { kind: string; at: string } | null;
  [member: string]: unknown;
}

/** What the workspace used. Every method throws `MutateError`. */
export class UsageReports {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** The current period against the limits. */
  async get(options: CallOptions = {}): Promise<Usage> {
    const path = await this.#workspace.to('usage');
    return this.#http.json<Usage>({ method: 'GET', path, ...options });
  }

  /** Buckets of an interval, newest first: all of them, fetched a thousand at a time. */
  async history(input: UsageHistoryInput): Promise<UsageBucket[]> {
    const { interval, from, to, groupBy, signal } = input;
    const path = await this.#workspace.to('usage', 'history');
    const query = { interval, from, to, group_by: groupBy };
    const buckets: UsageBucket[] = [];
    for (let cursor: string | undefined; ;) {
      const page: List<UsageBucket> = await this.#http.json<List<UsageBucket>>({
        method: 'GET',
        path,
        query: { ...query, starting_after: cursor },
        signal,
      });
      buckets.push(...page.data);
      const next = page.next_cursor ?? undefined;
      if (!page.has_more || next === undefined || next === cursor) return buckets;
      cursor = next;
    }
  }

  /** One row per counted conversion; cancel the stream when you stop early. */
  async export(input: UsageExportInput & CallOptions): Promise<ReadableStream<Uint8Array>> {
    const { signal, ...query } = input;
    const path = await this.#workspace.to('usage', 'export');
    return this.#http.stream({
      method: 'GET',
      path,
      query: { ...query },
      headers: { accept: '*/*' },
      signal,
    });
  }

  /** Where a browser with a session downloads the same, below the server's address. */
  async exportPath(input: UsageExportInput): Promise<string> {
    const query = new URLSearchParams({ ...input });
    return `${await this.#workspace.to('usage', 'export')}?${query.toString()}`;
  }

  /** By the request id of the reply that refused or charged. */
  async decision(requestId: string, options: CallOptions = {}): Promise<UsageDecision> {
    const path = await this.#workspace.to('usage', 'decisions', requestId);
    return this.#http.json<UsageDecision>({ method: 'GET', path, ...options });
  }
}
