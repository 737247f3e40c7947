import { type ErrorType, StripeError } from '../wire/stripe-error.ts';
import { seededRandom } from './random.ts';

/**
 * - `rate_limit`: 429, nothing done
 * - `error_before`: 500, nothing done
 * - `error_after`: 500, but it is done; the same idempotency key tells the true result
 * - `cut_before`, `cut_after`: the connection ends without a reply, before or after it is done
 * - `refuse`: answered with `status`, `error_type` and `code`, nothing done
 */
export const faultKinds = [
  'rate_limit',
  'error_before',
  'error_after',
  'cut_before',
  'cut_after',
  'refuse',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface FaultRule {
  readonly kind: FaultKind;
  /** `POST`; absent: any. */
  readonly verb?: string;
  /** How the path begins, e.g. `/v1/invoices`; absent: any. */
  readonly path?: string;
  /** Matching requests that pass unharmed first. */
  readonly skip?: number;
  /** How often it strikes; absent: once. */
  readonly times?: number;
  /** Of a matching request, 0 to 1; absent: 1. */
  readonly probability?: number;
  readonly seed?: number;
  /** Of `refuse`; absent: 400. */
  readonly status?: number;
  /** Of `refuse`; absent: `invalid_request_error`. */
  readonly error_type?: ErrorType;
  /** Of `refuse`; absent: none. */
  readonly code?: string;
}

/** What one request suffers. */
export interface Fault {
  /** Throws where nothing may happen. */
  before(): void;
  /** Throws where all has happened. */
  after(): void;
  readonly cuts: boolean;
}

/** A 500 that was asked for: nothing to log. */
export class ScriptedError extends StripeError {}

/** The connection has to end without a reply. */
export class ConnectionCut extends Error {}

interface Live {
  readonly rule: FaultRule;
  skip: number;
  times: number;
  readonly random: () => number;
}

/** The script of what goes wrong with API requests. Kept in memory: a restart ends it. */
export class Faults {
  #live: Live[] = [];

  add(rule: FaultRule): void {
    this.#live.push({
      rule,
      skip: rule.skip ?? 0,
      times: rule.times ?? 1,
      random: seededRandom(rule.seed ?? 1),
    });
  }

  clear(): void {
    this.#live = [];
  }

  list(): (FaultRule & { left: number })[] {
    return this.#live.map(({ rule, times }) => ({ ...rule, left: times }));
  }

  /** The fault that strikes this request, if one does. The first rule that matches counts. */
  take(verb: string, path: string): Fault | undefined {
    const live = this.#live.find(({ rule }) => matches(rule, verb, path));
    if (live === undefined) return undefined;
    if (live.skip > 0) {
      live.skip -= 1;
      return undefined;
    }
    if (live.random() >= (live.rule.probability ?? 1)) return undefined;
    live.times -= 1;
    if (live.times <= 0) this.#live = this.#live.filter((other) => other !== live);
    return faultOf(live.rule);
  }
}

function matches(rule: FaultRule, verb: string, path: string): boolean {
  return (rule.verb ?? verb) === verb && path.startsWith(rule.path ?? '');
}

function faultOf(rule: FaultRule): Fault {
  const nothing = (): void => undefined;
  const fail = (): never => {
    throw new ScriptedError(500, 'api_error', 'An error occurred. (Scripted fault.)');
  };
  switch (rule.kind) {
    case 'rate_limit':
      return { before: limit, after: nothing, cuts: false };
    case 'error_before':
      return { before: fail, after: nothing, cuts: false };
    case 'error_after':
      return { before: nothing, after: fail, cuts: false };
    case 'cut_before':
      return {
        before: () => {
          throw new ConnectionCut();
        },
        after: nothing,
        cuts: true,
      };
    case 'cut_after':
      return { before: nothing, after: nothing, cuts: true };
    case 'refuse':
      return { before: () => refuse(rule), after: nothing, cuts: false };
  }
}

function refuse({ status = 400, error_type: type, code }: FaultRule): never {
  const fields = code === undefined ? {} : { code };
  const message = 'Refused. (Scripted fault.)';
  throw new StripeError(status, type ?? 'invalid_request_error', message, fields);
}

function limit(): never {
  throw new StripeError(
    429,
    'invalid_request_error',
    'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
    { code: 'rate_limit' },
  );
}
