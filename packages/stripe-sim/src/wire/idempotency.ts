import { createHash } from 'node:crypto';
import { newId, type Transaction } from '../store/transaction.ts';
import { StripeError } from './stripe-error.ts';

/** Stripe forgets a key after a day. */
const keptSeconds = 24 * 3600;
const keyLengthMax = 255;

export interface Stored {
  readonly status: number;
  readonly body: unknown;
  readonly requestId: string;
}

/** What a request asks for, as a digest: its parameters themselves are not kept. */
export function fingerprintOf(verb: string, path: string, body: string): string {
  return createHash('sha256').update(`${verb} ${path}\n${body}`).digest('hex');
}

/** The response of an earlier request under this key; throws if that one was a different request. */
export function findStored(tx: Transaction, key: string, fingerprint: string): Stored | undefined {
  if (key.length > keyLengthMax) {
    throw new StripeError(
      400,
      'idempotency_error',
      `Idempotency keys can only be up to ${keyLengthMax} characters long.`,
    );
  }
  const record = tx.find('sim.idempotency', key);
  if (record === undefined) return undefined;
  if (wallSeconds() - record.created >= keptSeconds) {
    tx.remove('sim.idempotency', key);
    return undefined;
  }
  if (record.fingerprint !== fingerprint) {
    throw new StripeError(
      400,
      'idempotency_error',
      'Keys for idempotent requests can only be used with the same parameters they were first used ' +
        `with. Try using a key other than '${key}' if you meant to execute a different request.`,
    );
  }
  return { status: record.status, body: record.body, requestId: record.request };
}

export function store(tx: Transaction, key: string, fingerprint: string, result: Stored): void {
  tx.insert('sim.idempotency', {
    id: key,
    object: 'sim.idempotency',
    created: wallSeconds(),
    fingerprint,
    status: result.status,
    body: result.body,
    request: result.requestId,
  });
}

/** Keys live by the wall clock: a year of business time may pass between two tries. */
function wallSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function newRequestId(): string {
  return newId('event').replace('evt_', 'req_').slice(0, 18);
}
