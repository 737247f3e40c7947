import { setTimeout as sleep } from 'node:timers/promises';
import { form } from '../../test/service.ts';
import type { Random } from '../random.ts';
import { adminKey, type Product } from './product.ts';

/** A request and everything that was ever answered to it. */
export interface Request {
  /** In the job's metadata, so that its jobs are found whatever was answered. */
  readonly tag: string;
  readonly idempotent: boolean;
  readonly asynchronous: boolean;
  readonly rows: number;
  readonly answers: Answer[];
}

export interface Answer {
  readonly status: number;
  readonly jobId: string | null;
}

export interface Workspace {
  readonly id: string;
  readonly key: string;
}

/** A workspace with few slots and no other limit. */
export async function createWorkspace({ url }: Product): Promise<Workspace> {
  const post = async (method: string, path: string, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string; key: string };
  };
  const { id } = await post('POST', '/v1/admin/workspaces', { name: 'Faults' });
  await post('PUT', `/v1/admin/workspaces/${id}/overrides`, {
    monthly_limit: 'unlimited',
    concurrent_limit: 6,
    rate_limit_per_minute: 'unlimited',
    reason: 'Under proof',
  });
  const { key } = await post('POST', `/v1/workspaces/${id}/api-keys`, { name: 'Faults' });
  return { id, key };
}

/**
 * Sends a request and writes down the answer. No answer at all is status 0; a body that broke off is
 * no answer either.
 */
export async function send(product: Product, workspace: Workspace, request: Request) {
  const content = `a,b\n${`${request.tag},"x y"\n`.repeat(request.rows)}`;
  const metadata = JSON.stringify({ tag: request.tag });
  const answer = await fetch(`${product.url}/v1/workspaces/${workspace.id}/conversions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${workspace.key}`,
      ...(request.idempotent ? { 'idempotency-key': request.tag } : {}),
      ...(request.asynchronous ? { prefer: 'respond-async' } : {}),
    },
    body: form({ name: 'load.csv', content }, { to: 'json', metadata }),
    signal: AbortSignal.timeout(30_000),
  }).then(
    async (response): Promise<Answer> => {
      const body = (await response.json()) as { id?: string; job_id?: string };
      return { status: response.status, jobId: body.id ?? body.job_id ?? null };
    },
    (): Answer => ({ status: 0, jobId: null }),
  );
  request.answers.push(answer);
  return answer;
}

/** Clients that send mixed requests until they are told to stop. */
export class Load {
  readonly requests: Request[] = [];
  readonly #product: Product;
  readonly #workspace: Workspace;
  readonly #random: Random;

  constructor(product: Product, workspace: Workspace, random: Random) {
    this.#product = product;
    this.#workspace = workspace;
    this.#random = random;
  }

  /** Resolves when every client has its last answer. */
  async run(clients: number, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: clients }, () => this.#client(signal)));
  }

  async #client(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const request: Request = {
        tag: `t${this.requests.length}`,
        idempotent: this.#random.chance(0.4),
        asynchronous: this.#random.chance(0.35),
        rows: this.#random.chance(0.1) ? 40_000 : 20,
        answers: [],
      };
      this.requests.push(request);
      const { status } = await send(this.#product, this.#workspace, request).catch(() => ({
        status: 0,
      }));
      // Refused or away: a client waits a little, as it is told to.
      if (status !== 201 && status !== 202) await sleep(30);
    }
  }
}
