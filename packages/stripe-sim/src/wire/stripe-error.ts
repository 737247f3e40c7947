export const errorTypes = [
  'api_error',
  'card_error',
  'idempotency_error',
  'invalid_request_error',
] as const;
export type ErrorType = (typeof errorTypes)[number];

export interface ErrorFields {
  readonly code?: string;
  readonly param?: string;
  readonly decline_code?: string;
  readonly payment_intent?: unknown;
  readonly setup_intent?: unknown;
  readonly payment_method?: unknown;
  readonly charge?: string;
}

/** An error as Stripe answers it: `{ error: { type, code, message, param, … } }`. */
export class StripeError extends Error {
  readonly status: number;
  readonly type: ErrorType;
  readonly fields: ErrorFields;
  /** The request changed something all the same: a payment attempt that was declined. */
  readonly commits: boolean;

  constructor(
    status: number,
    type: ErrorType,
    message: string,
    fields: ErrorFields = {},
    commits = false,
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.fields = fields;
    this.commits = commits;
  }

  body(): { error: Record<string, unknown> } {
    return { error: { type: this.type, message: this.message, ...this.fields } };
  }
}

/** 400 `invalid_request_error`. */
export function invalidRequest(message: string, fields: ErrorFields = {}): StripeError {
  return new StripeError(400, 'invalid_request_error', message, fields);
}

/** What the simulator leaves out: a clear no, instead of an answer that would be wrong. */
export function notPlayed(what: string, param?: string): StripeError {
  const message = `The Stripe simulator does not play ${what}; see docs/stripe-sim.md.`;
  return invalidRequest(message, param === undefined ? {} : { param });
}

const names: Readonly<Record<string, string>> = {
  invoiceitem: 'invoiceitem',
  'checkout.session': 'checkout session',
  'billing_portal.configuration': 'configuration',
  'test_helpers.test_clock': 'test clock',
};

/** 404 where the id stands in the path, 400 where a parameter names it. */
export function resourceMissing(kind: string, id: string, param?: string): StripeError {
  const name = names[kind] ?? kind.replaceAll('_', ' ');
  return new StripeError(
    param === undefined ? 404 : 400,
    'invalid_request_error',
    `No such ${name}: '${id}'`,
    { code: 'resource_missing', param: param ?? 'id' },
  );
}
