import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Job, JobStatus, Usage } from '../types.ts';

export interface PeerRequest {
  /** Such as `POST /v1/workspaces/org_peer/conversions`, without the query. */
  route: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Answers one request, or returns (a promise of) false to leave it to the usual answer. */
export type Interception = (request: PeerRequest, response: ServerResponse) => unknown;

export const workspace = '/v1/workspaces/org_peer';
export const conversions = `${workspace}/conversions`;

/**
 * The other end of the wire for tests: a loopback HTTP server that speaks the API's contract. It
 * "converts" by upper-casing; a job finishes at once, or after the events a test lists.
 */
export class Peer {
  readonly requests: PeerRequest[] = [];
  readonly jobs = new Map<string, { job: Job; output: Buffer }>();
  /** Progress that a `respond-async` or `isSlow` job reports before it succeeds. */
  percents = [10, 60];
  eventDelayMs = 5;
  /** Answer 202 to everything, as for a large file. */
  isSlow = false;
  readonly #interceptions: { route: string; run: Interception }[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => request.destroy());
    });
  }

  static async start(): Promise<Peer> {
    const peer = new Peer();
    await new Promise<void>((resolve) => {
      peer.#server.listen(0, '127.0.0.1', resolve);
    });
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  /** The next request to that route gets this answer instead; several are used in order. */
  intercept(route: string, run: Interception): void {
    this.#interceptions.push({ route, run });
  }

  /** Like `intercept`, with a problem document. */
  refuse(
    route: string,
    status: number,
    problem: object,
    headers: Record<string, string> = {},
  ): void {
    this.intercept(route, (_request, response) => sendProblem(response, status, problem, headers));
  }

  requestsTo(route: string): PeerRequest[] {
    return this.requests.filter((request) => request.route === route);
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://peer');
    const route = `${incoming.method ?? ''} ${url.pathname}`;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const request = { route, query: url.searchParams, headers: incoming.headers, body };
    this.requests.push(request);
    response.setHeader('request-id', `req_${this.requests.length}`);
    const index = this.#interceptions.findIndex((entry) => entry.route === route);
    const [interception] = index === -1 ? [] : this.#interceptions.splice(index, 1);
    if (interception !== undefined && (await interception.run(request, response)) !== false) return;
    if (incoming.headers.authorization !== 'Bearer mk_live_peer') {
      sendProblem(response, 401, { code: 'unauthenticated', detail: 'The API key is not valid.' });
      return;
    }
    await this.#route(request, response);
  }

  async #route(request: PeerRequest, response: ServerResponse): Promise<void> {
    const { route } = request;
    const [, id, action] = /conversions\/(job_\d+)\/?(\w*)$/.exec(route) ?? [];
    if (route === `POST ${conversions}`) return this.#create(request, response);
    if (route === `GET ${conversions}`) return this.#list(request, response);
    if (route === 'GET /v1/workspaces') {
      return sendList(response, [{ id: 'org_peer', object: 'workspace', name: 'Peer' }]);
    }
    if (route === `GET ${workspace}/usage`) return sendJson(response, 200, usage);
    if (route === 'GET /v1/formats') return sendList(response, formats);
    const found = id === undefined ? undefined : this.jobs.get(id);
    if (found === undefined) {
      return sendProblem(response, 404, { code: 'not_found', detail: 'There is no such job.' });
    }
    if (route.startsWith('DELETE')) return void response.writeHead(204).end();
    if (action === 'output') return void response.writeHead(200).end(found.output);
    if (action === 'events') return this.#sendEvents(found.job, response);
    if (action === 'cancel') found.job.status = 'cancelled';
    return sendJson(response, 200, found.job);
  }

  async #create(request: PeerRequest, response: ServerResponse): Promise<void> {
    const type = String(request.headers['content-type']);
    const parsed = new Response(new Uint8Array(request.body), {
      headers: { 'content-type': type },
    });
    const form = await parsed.formData();
    const file = form.get('file') as File;
    const input = Buffer.from(await file.arrayBuffer());
    const isLater = this.isSlow || String(request.headers.prefer).includes('respond-async');
    const job = makeJob(`job_${this.jobs.size + 1}`, isLater ? 'queued' : 'succeeded');
    const output = Buffer.from(input.toString('latin1').toUpperCase(), 'latin1');
    job.input.filename = file.name;
    job.to = form.get('to') as string;
    job.options = JSON.parse((form.get('options') as string | null) ?? '{}') as Record<
      string,
      unknown
    >;
    job.output = {
      filename: `output.${job.options['sheet'] === 'all' ? 'zip' : job.to}`,
      size_bytes: output.length,
      media_type: 'text/plain',
      sha256: createHash('sha256').update(output).digest('hex'),
      url: `${conversions}/${job.id}/output`,
      expires_at: '2026-11-24T00:00:00Z',
    };
    this.jobs.set(job.id, { job, output });
    sendJson(response, isLater ? 202 : 201, job);
  }

  #list(request: PeerRequest, response: ServerResponse): void {
    const all = [...this.jobs.values()].map(({ job }) => job).toReversed();
    const after = request.query.get('starting_after');
    const start = after === null ? 0 : all.findIndex((job) => job.id === after) + 1;
    const data = all.slice(start, start + Number(request.query.get('limit') ?? 20));
    const hasMore = start + data.length < all.length;
    sendList(response, data, hasMore ? (data.at(-1)?.id ?? null) : null);
  }

  async #sendEvents(job: Job, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    for (const percent of this.percents) {
      if (job.status === 'cancelled') break;
      job.status = 'processing';
      job.progress = { percent, phase: 'converting' };
      response.write(`event: progress\nid: ${percent}\ndata: ${JSON.stringify(job)}\n\n`);
      await new Promise((resolve) => {
        setTimeout(resolve, this.eventDelayMs);
      });
    }
    if (job.status === 'processing') job.status = 'succeeded';
    response.end(`event: done\ndata: ${JSON.stringify(job)}\n\n`);
  }
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendProblem(
  response: ServerResponse,
  status: number,
  problem: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  const base = { type: 'about:blank', title: 'No', status, request_id: 'req_problem' };
  const retryable = [429, 500, 503].includes(status) || status === 409;
  response.end(JSON.stringify({ ...base, retryable, ...problem }));
}

function sendList(response: ServerResponse, data: object[], cursor: string | null = null): void {
  sendJson(response, 200, { object: 'list', data, has_more: cursor !== null, next_cursor: cursor });
}

export function makeJob(id: string, status: JobStatus): Job {
  return {
    id,
    object: 'job',
    workspace_id: 'org_peer',
    status,
    type: 'TXT_TO_CSV',
    from: 'txt',
    to: 'csv',
    options: {},
    metadata: {},
    input: { filename: 'in.txt', size_bytes: 3, sha256: '' },
    output: null,
    progress: { percent: 0, phase: 'queued' },
    warnings: [],
    error: null,
    usage: {
      counted: true,
      billed_as: 'included',
      unit_amount: null,
      currency: null,
      period_start: '2026-11-01T00:00:00Z',
    },
    api_key_id: 'key_1',
    member_id: null,
    created_at: '2026-11-23T10:00:00Z',
    started_at: null,
    finished_at: null,
    duration_ms: null,
  };
}

const formats = [
  {
    object: 'format',
    type: 'XLSX_TO_CSV',
    from: 'xlsx',
    to: 'csv',
    source: { title: 'Excel workbook', media_type: 'application/x', extensions: ['xlsx'] },
    target: { title: 'CSV', media_type: 'text/csv', extensions: ['csv', 'tsv'] },
    via: [],
    engine: 'xlsx-stream',
    options: {
      type: 'object',
      properties: {
        sheet: {
          anyOf: [
            { type: 'integer', minimum: 0 },
            { type: 'string', maxLength: 31 },
          ],
        },
        bom: { type: 'boolean', default: false, description: 'A byte order mark' },
        quote: { enum: ['minimal', 'all'], default: 'minimal' },
        title: { type: 'string' },
      },
    },
  },
];

const usage: Usage = {
  object: 'usage',
  as_of: '2026-11-23T10:00:00Z',
  workspace_id: 'org_peer',
  plan: { id: 'plan_free', name: 'Free' },
  period: { start: '2026-11-01T00:00:00Z', end: '2026-12-01T00:00:00Z' },
  conversions: { used: 1500, reserved: 2, limit: 2000, remaining: 498, overage: 0 },
  concurrent: { active: 1, queued: 3, limit: 2 },
  max_file_size_mb: 10,
  rate_limit: { per_minute: 60 },
  overage: {
    policy: 'charge',
    unit_amount: '0.02',
    unit_amounts_by_type: null,
    tiers: null,
    currency: 'USD',
    amount_minor: 1250,
    spend_cap_minor: 5000,
  },
  breakdown: { XLSX_TO_CSV: 1200, CSV_TO_JSON: 300 },
  alerts: [],
  overrides: null,
  forecast: null,
};
