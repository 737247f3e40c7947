import type { FastifyInstance } from 'fastify';

/** What an endpoint was asked in the last hour, and how long it took to answer. */
export interface EndpointLatency {
  readonly method: string;
  /** As the reference names it, e.g. `/v1/workspaces/{workspaceId}/usage`. */
  readonly path: string;
  readonly requests: number;
  /** Answered with 5xx. */
  readonly errors: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Bounds of the steps grow by 2^(1/8): a percentile is at most 9 % too high. */
const stepsPerDoubling = 8;
const lowestMs = 0.25;
/** The highest bound is 70 minutes; what took longer counts as that. */
const stepCount = 192;
const windowMs = 300_000;
const windowsKept = 12;

interface Window {
  readonly number: number;
  readonly steps: Uint32Array;
  errors: number;
}

/**
 * Latencies of one process, by route, over the last hour. Kept in memory alone: a request adds one to
 * a number (0.1 microseconds), and a route that is asked all the time takes 10 KB.
 */
export class Latencies {
  readonly #routes = new Map<string, Window[]>();
  readonly #nowMs: () => number;

  /** @param nowMs a clock that never goes back; by default since the process began */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /**
   * Measures every request to a known route, until its answer begins: how fast a client takes a
   * download is not our speed. How fast it sends an upload still counts.
   */
  watch(app: FastifyInstance): void {
    app.addHook('onSend', (request, reply, payload, done) => {
      const { url } = request.routeOptions;
      if (url !== undefined) {
        this.record(`${request.method} ${url}`, reply.elapsedTime, reply.statusCode);
      }
      done(null, payload);
    });
  }

  record(route: string, tookMs: number, status: number): void {
    const window = this.#currentWindow(route);
    const step = Math.ceil(Math.log2(tookMs / lowestMs) * stepsPerDoubling);
    const index = Math.min(Math.max(step, 0), stepCount - 1);
    window.steps[index] = (window.steps[index] ?? 0) + 1;
    if (status >= 500) window.errors += 1;
  }

  /** The slowest first, by p99. */
  list(): EndpointLatency[] {
    const oldest = this.#currentNumber() - windowsKept + 1;
    return [...this.#routes]
      .map(([route, windows]) =>
        summarize(
          route,
          windows.filter((w) => w.number >= oldest),
        ),
      )
      .filter(({ requests }) => requests > 0)
      .toSorted((a, b) => b.p99_ms - a.p99_ms || a.path.localeCompare(b.path));
  }

  #currentNumber(): number {
    return Math.floor(this.#nowMs() / windowMs);
  }

  #currentWindow(route: string): Window {
    const number = this.#currentNumber();
    let windows = this.#routes.get(route);
    if (windows === undefined) {
      windows = [];
      this.#routes.set(route, windows);
    }
    const last = windows.at(-1);
    if (last?.number === number) return last;
    const made = { number, steps: new Uint32Array(stepCount), errors: 0 };
    windows.push(made);
    if (windows.length > windowsKept) windows.shift();
    return made;
  }
}

function summarize(route: string, windows: readonly Window[]): EndpointLatency {
  const steps = new Uint32Array(stepCount);
  let [requests, errors] = [0, 0];
  for (const window of windows) {
    errors += window.errors;
    window.steps.forEach((count, index) => {
      requests += count;
      steps[index] = (steps[index] ?? 0) + count;
    });
  }
  const [method = '', url = ''] = route.split(' ');
  return {
    method,
    path: url.replaceAll(/:(\w+)/g, '{$1}'),
    requests,
    errors,
    p50_ms: percentile(steps, requests, 0.5),
    p99_ms: percentile(steps, requests, 0.99),
  };
}

/** The upper bound of the step in which it lies, to a tenth of a millisecond. */
function percentile(steps: Uint32Array, total: number, share: number): number {
  let left = Math.ceil(total * share);
  const index = steps.findIndex((count) => (left -= count) <= 0);
  return Math.round(lowestMs * 2 ** (Math.max(index, 0) / stepsPerDoubling) * 10) / 10;
}
