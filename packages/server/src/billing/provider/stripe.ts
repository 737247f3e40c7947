import { setTimeout as sleep } from 'node:timers/promises';
import { Stripe } from 'stripe';
import { AppError } from '../../errors.ts';

/** Types of the package, e.g. `Stripe.Invoice`: no other file names it. */
export type { Stripe };
export type StripeClient = Stripe;

export interface StripeSettings {
  readonly secretKey: string;
  /** Where the API is, e.g. `https://api.stripe.com`. */
  readonly apiBase: string;
  /** Stripe allows 25 a second for most calls; absent: as many as there are. */
  readonly requestsPerSecondMax?: number;
}

const requestTimeoutMs = 20_000;
const burst = 10;

/** The one way to the payment provider; which one is behind it only the settings know. */
export function createStripe(settings: StripeSettings): StripeClient {
  const { protocol, hostname, port } = new URL(settings.apiBase);
  const isPlain = protocol === 'http:';
  const client = Stripe.createNodeHttpClient();
  const perSecond = settings.requestsPerSecondMax;
  return new Stripe(settings.secretKey, {
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: port === '' ? (isPlain ? 80 : 443) : Number(port),
    protocol: isPlain ? 'http' : 'https',
    maxNetworkRetries: 2,
    timeout: requestTimeoutMs,
    telemetry: false,
    httpClient: perSecond === undefined ? client : pace(client, perSecond),
  });
}

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>;

/** Spreads requests out evenly once a few were made at a time. */
function pace(inner: HttpClient, perSecond: number): HttpClient {
  const intervalMs = 1000 / perSecond;
  let dueMs = 0;
  return {
    getClientName: () => inner.getClientName(),
    makeRequest: async (...request) => {
      const nowMs = performance.now();
      dueMs = Math.max(dueMs, nowMs - burst * intervalMs) + intervalMs;
      if (dueMs > nowMs) await sleep(dueMs - nowMs);
      return inner.makeRequest(...request);
    },
  };
}

/**
 * Runs calls to the provider that a client waits for, and tells it what went wrong: its card was
 * declined, or we could not do it (the provider's own text goes to the log only).
 *
 * @throws AppError `payment_declined`, `overloaded`
 */
export async function askStripe<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toClientError(error);
  }
}

function toClientError(error: unknown): unknown {
  if (error instanceof Stripe.errors.StripeCardError) {
    return new AppError('payment_declined', error.message, {
      details: { decline_code: error.decline_code ?? error.code ?? null },
      cause: error,
    });
  }
  if (isProviderAway(error)) {
    const message =
      'The payment provider does not answer. Ask again: what was done already is not done twice.';
    return new AppError('overloaded', message, {
      retryAfterSeconds: 5,
      cause: error,
      isUnsure: true,
    });
  }
  // Its 4xx are ours, not the client's; some steps may have been done before.
  if (error instanceof Stripe.errors.StripeError) {
    const message =
      'The payment provider refused what we asked of it. Ask again: what was done is not done twice.';
    return new AppError('internal_error', message, { cause: error, isUnsure: true });
  }
  return error;
}

/** It cannot be reached, has a fault of its own, or wants fewer requests: later it may do. */
function isProviderAway(error: unknown): boolean {
  const { errors } = Stripe;
  return (
    error instanceof errors.StripeConnectionError ||
    error instanceof errors.StripeRateLimitError ||
    error instanceof errors.StripeAPIError
  );
}

/** The key is a restricted one, and lacks the right. */
export function isRightMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripePermissionError;
}

/** The key is not one of its keys. */
export function isKeyRefused(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeAuthenticationError;
}

const needsHolder = new Set([
  'invoice_payment_intent_requires_action',
  'subscription_payment_intent_requires_action',
]);

/** A payment was declined, or the card's holder has to agree first: of the first kind by its 402. */
export function isPaymentRefused(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  return error.statusCode === 402 || needsHolder.has(error.code ?? '');
}

/** It knows no object of that id (any more). */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing'
  );
}

/** It is finalized, so nothing can be put onto it any more. */
export function isInvoiceFixed(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError &&
    error.code === 'invoice_not_editable'
  );
}

/** Its idempotency key was used with other parameters. */
export function isKeyTaken(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeIdempotencyError;
}

/** There is no next invoice to preview. */
export function isNothingUpcoming(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError &&
    error.code === 'invoice_upcoming_none'
  );
}

/** The id of what may have been expanded. */
export function idOf(value: string | { id: string } | null | undefined): string | null {
  return typeof value === 'string' ? value : (value?.id ?? null);
}

/** Stripe's time, whole seconds, as ours. */
export function dateOf(unixSeconds: number): Date {
  return new Date(unixSeconds * 1000);
}
