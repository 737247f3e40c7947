import { ConnectionError, errorFromReply, MutateError } from './errors.ts';
import { IdleTimer, readWithIdleTimer } from './idle.ts';
import { randomToken } from './random.ts';
import { retryDelayMs, sleep } from './retry.ts';
import type { Upload } from './upload.ts';

export interface HttpOptions {
  /** Null: the browser's session cookie speaks for the caller. */
  apiKey: string | null;
  baseUrl: string;
  fetch: typeof fetch;
  retries: number;
  timeoutMs: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, ids already encoded. */
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  upload?: Upload;
  /** What a repeat is told where the try before was done after all: then that is success. */
  goneStatus?: number;
  /** For a POST; made up where absent, so that trying again is safe. */
  idempotencyKey?: string | undefined;
  /** After an abort, how long to wait for the reply to a body that was sent whole. Default 0. */
  abortGraceMs?: number | undefined;
}

type ReadReply<T> = (response: Response, idle: IdleTimer, call: Call) => Promise<T>;

/** One request with the API's conventions: credentials, idempotency, retries, problem documents. */
export class HttpClient {
  readonly retries: number;
  readonly #options: HttpOptions;
  readonly #base: string;

  constructor(options: HttpOptions) {
    const url = URL.canParse(options.baseUrl) ? new URL(options.baseUrl) : null;
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new TypeError(`baseUrl must be an http or https URL; got "${options.baseUrl}".`);
    }
    // Checked here because fetch's own complaint would print the key.
    if (options.apiKey !== null && !/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new TypeError('apiKey is empty or has characters that no key has.');
    }
    this.retries = options.retries;
    this.#options = options;
    this.#base = url.href.replace(/[?#].*$/, '').replace(/\/+$/, '');
  }

  /** The reply's JSON. @throws MutateError */
  json<T>(call: Call): Promise<T> {
    return this.#send(call, async (response) => {
      const body = await response.text();
      try {
        return JSON.parse(body) as T;
      } catch (error) {
        throw notOurs(response, error);
      }
    });
  }

  /** A reply without a body worth reading. @throws MutateError */
  async nothing(call: Call): Promise<void> {
    await this.#send(call, async (response) => response.text());
  }

  /** The reply's bytes, from a 2xx reply. Reading them can fail with `ConnectionError`. */
  stream(call: Call): Promise<ReadableStream<Uint8Array>> {
    return this.#send(call, async (response, idle) => {
      if (response.body === null) return new Blob([]).stream();
      const toError = (error: unknown): unknown => this.#toError(error, idle, call);
      return readWithIdleTimer(response.body as ReadableStream<Uint8Array>, idle, toError);
    });
  }

  async #send<T>(call: Call, read: ReadReply<T>): Promise<T> {
    const key = call.method === 'POST' ? (call.idempotencyKey ?? randomToken()) : undefined;
    let failures = 0;
    let busyUntilMs: number | null = null;
    let mayBeDone = false;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#attempt(call, key, read);
      } catch (error) {
        if (mayBeDone && error instanceof MutateError && error.status === call.goneStatus) {
          return undefined as T;
        }
        mayBeDone ||= error instanceof MutateError && (error.status === 0 || error.status >= 500);
        // Our own earlier try is still being worked on: bounded by time, not by failures.
        const isBusy = error instanceof MutateError && error.code === 'idempotency_in_progress';
        if (isBusy) busyUntilMs ??= Date.now() + this.#options.timeoutMs;
        else failures += 1;
        const isOver = failures > this.retries || (isBusy && Date.now() > (busyUntilMs ?? 0));
        const delayMs = isOver ? null : retryDelayMs(error, tries);
        if (delayMs === null || call.upload?.canOpen === false) throw error;
        await sleep(delayMs, call.signal);
      }
    }
  }

  async #attempt<T>(call: Call, key: string | undefined, read: ReadReply<T>): Promise<T> {
    call.signal?.throwIfAborted();
    const idle = new IdleTimer(this.#options.timeoutMs);
    try {
      idle.start();
      const init: RequestInit & { duplex?: 'half' } = {
        method: call.method,
        headers: this.#headers(call, key),
        signal: withAbort(call, idle.signal),
        ...(this.#options.apiKey === null ? { credentials: 'same-origin' } : {}),
        // Anything else makes Node's fetch keep a copy of the body for a redirect: measured on a
        // 600 MB upload, 704 MB of memory instead of 120 MB.
        ...(call.method === 'GET' ? {} : { redirect: 'error', window: null }),
      };
      if (call.upload !== undefined) {
        init.body = call.upload.open(() => idle.start());
        init.duplex = 'half';
      } else if (call.json !== undefined) {
        init.body = JSON.stringify(call.json);
      }
      const response = await this.#options.fetch(this.#url(call), init);
      if (!response.ok) throw await errorFromReply(response);
      return await read(response, idle, call);
    } catch (error) {
      throw this.#toError(error, idle, call);
    } finally {
      idle.stop();
    }
  }

  #url(call: Call): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    return `${this.#base}${call.path}${query.size === 0 ? '' : `?${query.toString()}`}`;
  }

  #headers(call: Call, key: string | undefined): Record<string, string> {
    const { apiKey } = this.#options;
    return {
      accept: 'application/json',
      ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...call.upload?.headers,
      ...call.headers,
    };
  }

  #toError(error: unknown, idle: IdleTimer, call: Call): unknown {
    if (call.signal?.aborted === true) return call.signal.reason;
    if (error instanceof MutateError) return error;
    if (idle.signal.aborted) return idle.signal.reason;
    if (call.upload?.failure !== undefined) return call.upload.failure;
    return new ConnectionError(`${this.#base} could not be reached: ${innermost(error)}.`, {
      cause: error,
    });
  }
}

/** The caller's abort and ours in one signal, the caller's held back for the grace, if any. */
function withAbort(call: Call, idle: AbortSignal): AbortSignal {
  const { signal, upload, abortGraceMs } = call;
  if (signal === undefined) return idle;
  if (upload === undefined || abortGraceMs === undefined) {
    return AbortSignal.any([signal, idle]);
  }
  const held = new AbortController();
  const onAbort = (): void => {
    if (!upload.isSent) return held.abort(signal.reason);
    setTimeout(() => held.abort(signal.reason), abortGraceMs).unref?.();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return AbortSignal.any([held.signal, idle]);
}

function notOurs(response: Response, cause: unknown): MutateError {
  return new MutateError(`${response.url} does not answer as a Mutate server does.`, {
    code: 'unexpected_reply',
    status: response.status,
    requestId: response.headers.get('request-id'),
    cause,
  });
}

/** fetch says only "fetch failed"; why is in the chain of causes. */
function innermost(error: unknown): string {
  let reason = error instanceof Error ? error : new Error(String(error));
  while (reason.cause instanceof Error) reason = reason.cause;
  const { code } = reason as { code?: unknown };
  return reason.message || (typeof code === 'string' ? code : reason.name);
}
