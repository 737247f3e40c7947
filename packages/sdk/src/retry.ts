import { ConnectionError, MutateError } from './errors.ts';

/** A longer `Retry-After` is the caller's decision, not a pause inside one call. */
const retryAfterMsMax = 60_000;
const backoffMsFirst = 250;
const backoffMsMax = 8_000;

/**
 * Milliseconds to wait after try number `tries` failed, or null where another cannot help.
 *
 * Tried again: no reply, 429, 500, 502, 503, a gateway's bare 504, and 409 `idempotency_in_progress`.
 * Not `conversion_timeout`: its result is stored under the idempotency key and would only be replayed.
 */
export function retryDelayMs(error: unknown, tries: number): number | null {
  if (!(error instanceof MutateError) || !mayRetry(error)) return null;
  const backoffMs = Math.min(backoffMsMax, backoffMsFirst * 2 ** (tries - 1));
  // Full jitter over the upper half, so that many clients refused together do not come back together.
  const jitteredMs = backoffMs / 2 + (Math.random() * backoffMs) / 2;
  if (error.retryAfterMs === null) return jitteredMs;
  return error.retryAfterMs > retryAfterMsMax ? null : error.retryAfterMs + Math.random() * 100;
}

function mayRetry(error: MutateError): boolean {
  if (error instanceof ConnectionError) return true;
  if (error.status === 409) return error.code === 'idempotency_in_progress';
  return error.retryable && error.code !== 'conversion_timeout';
}

/** Waits `ms` milliseconds. @throws the signal's reason when it aborts first. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
