import type { IncomingMessage } from 'node:http';
import { contract } from '../contract/contract.ts';
import type { Route } from './route.ts';
import { ConnectionCut, ScriptedError, type Faults } from '../control/faults.ts';
import type { Store } from '../store/store.ts';
import type { State } from '../store/state.ts';
import type { Transaction } from '../store/transaction.ts';
import { answer, checkCall, type Checked } from './answer.ts';
import { parseForm } from './form.ts';
import { findStored, fingerprintOf, newRequestId, store, type Stored } from './idempotency.ts';
import { matchOperation } from './router.ts';
import { StripeError, invalidRequest, notPlayed } from './stripe-error.ts';

export interface ApiReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  /** A fault of the script: the connection is cut instead of the reply. */
  readonly cut?: boolean;
}

export interface ApiOptions {
  readonly store: Store;
  readonly routes: readonly Route[];
  readonly faults: Faults;
  readonly now: (state: State) => number;
  /** Told after each request that changed something. */
  readonly onCommit: () => void;
  readonly log: (line: string) => void;
}

export interface ApiRequest {
  readonly verb: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** Answers calls under `/v1` as Stripe would. */
export function createApi(options: ApiOptions): (request: ApiRequest) => Promise<ApiReply> {
  const routes = new Map(options.routes.map((route) => [route.operation, route]));
  for (const operation of routes.keys()) {
    if (!(operation in contract.operations)) throw new Error(`Stripe has no ${operation}`);
  }
  return async (request) => {
    const requestId = newRequestId();
    const headers: Record<string, string> = {
      'request-id': requestId,
      'stripe-version': contract.apiVersion,
    };
    try {
      authenticate(request);
      const fault = options.faults.take(request.verb, request.path);
      fault?.before();
      const key = headerOf(request, 'idempotency-key');
      if (key !== undefined) headers['idempotency-key'] = key;
      const result = await run(options, routes, request, requestId, key);
      if (result.isReplay) {
        headers['idempotent-replayed'] = 'true';
        headers['original-request'] = result.requestId;
      }
      options.onCommit();
      fault?.after();
      return { status: result.status, headers, body: result.body, cut: fault?.cuts ?? false };
    } catch (error) {
      return failed(error, headers, options.log);
    }
  };
}

type Result = Stored & { isReplay: boolean };

function run(
  options: ApiOptions,
  routes: ReadonlyMap<string, Route>,
  request: ApiRequest,
  requestId: string,
  key: string | undefined,
): Promise<Result> {
  const call = callOf(routes, request);
  const usesKey = key !== undefined && request.verb === 'POST';
  const fingerprint = fingerprintOf(request.verb, request.path, request.body);
  return options.store.run(
    options.now,
    (tx): Result => {
      const stored = usesKey ? findStored(tx, key, fingerprint) : undefined;
      if (stored !== undefined) return { ...stored, isReplay: true };
      const result = perform(tx, call, requestId);
      if (usesKey) store(tx, key, fingerprint, result);
      return { ...result, isReplay: false };
    },
    { id: requestId, idempotencyKey: key ?? null },
  );
}

/** A declined payment is a result like any other: it is kept, and the same key tells it again. */
function perform(tx: Transaction, call: Checked, requestId: string): Stored {
  try {
    return { status: 200, body: answer(tx, call), requestId };
  } catch (error) {
    if (!(error instanceof StripeError) || !error.commits) throw error;
    return { status: error.status, body: error.body(), requestId };
  }
}

function callOf(routes: ReadonlyMap<string, Route>, request: ApiRequest): Checked {
  const match = matchOperation(request.verb, request.path);
  if (match === undefined) {
    throw new StripeError(
      404,
      'invalid_request_error',
      `Unrecognized request URL (${request.verb}: ${request.path}).`,
    );
  }
  const found = routes.get(match.key);
  if (found === undefined) throw notPlayed(`${match.key} (${match.operation.method})`);
  const isForm = request.verb === 'POST';
  if (isForm && request.body !== '' && !isFormEncoded(request)) {
    throw invalidRequest('Requests are application/x-www-form-urlencoded.');
  }
  const fields = parseForm(isForm ? request.body : request.query);
  return checkCall(found, match.operation, fields, match.ids);
}

function isFormEncoded(request: ApiRequest): boolean {
  const type = headerOf(request, 'content-type') ?? '';
  return type.startsWith('application/x-www-form-urlencoded');
}

/** Test keys alone: a live key has no business here. */
function authenticate(request: ApiRequest): void {
  const header = headerOf(request, 'authorization') ?? '';
  const key = header.startsWith('Basic ')
    ? Buffer.from(header.slice(6), 'base64').toString().split(':')[0]
    : /^Bearer (.+)$/.exec(header)?.[1];
  if (key === undefined || key === '') {
    throw new StripeError(
      401,
      'invalid_request_error',
      'You did not provide an API key. Use the Authorization header, e.g. `Bearer sk_test_…`.',
    );
  }
  if (!/^[sr]k_test_\w+$/.test(key)) {
    const message = `Invalid API Key provided: ${key.slice(0, 8)}***. The simulator takes sk_test_…`;
    throw new StripeError(401, 'invalid_request_error', message);
  }
  const version = headerOf(request, 'stripe-version') ?? contract.apiVersion;
  if (version !== contract.apiVersion) {
    throw invalidRequest(
      `Invalid Stripe API version: ${version}. The simulator speaks ${contract.apiVersion}.`,
    );
  }
}

function headerOf(request: ApiRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function failed(
  error: unknown,
  headers: Record<string, string>,
  log: (line: string) => void,
): ApiReply {
  if (error instanceof ConnectionCut) return { status: 0, headers, body: null, cut: true };
  if (error instanceof StripeError) {
    if (error.status >= 500 && !(error instanceof ScriptedError)) log(error.message);
    return { status: error.status, headers, body: error.body() };
  }
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const body = { error: { type: 'api_error', message: 'The simulator failed; see its log.' } };
  return { status: 500, headers, body };
}
