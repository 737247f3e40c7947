/** What a webhook carries once it is verified. */
export interface WebhookEvent<Data = unknown> {
  /** Such as `conversion.succeeded`. */
  type: string;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: Data;
}

/** A webhook that did not come from your workspace, or not now. */
export class WebhookVerificationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WebhookVerificationError';
  }
}

export interface VerifyWebhookInput {
  /** The body as it came, byte by byte: not parsed and written anew. */
  body: string | Uint8Array;
  /** The request's headers: of `fetch`, or as Node gives them. */
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `whsec_…`; several while you exchange it. */
  secret: string | readonly string[];
  /** How far the sender's clock may be from ours, either way. Default 300. */
  toleranceSeconds?: number | undefined;
}

/**
 * Checks signature and time of a webhook (Standard Webhooks 1.0.0) and gives its event. Refuse the
 * request with 400 where this throws. The same event may come twice: know it by `webhook-id`.
 *
 * @throws WebhookVerificationError; SyntaxError for a signed body that is no JSON
 */
export async function verifyWebhook<Data = unknown>(
  input: VerifyWebhookInput,
): Promise<WebhookEvent<Data>> {
  const id = headerOf(input, 'webhook-id');
  const timestamp = headerOf(input, 'webhook-timestamp');
  const signatures = headerOf(input, 'webhook-signature').split(' ');
  requireRecent(timestamp, input.toleranceSeconds ?? 300);
  const encoder = new TextEncoder();
  const body = typeof input.body === 'string' ? encoder.encode(input.body) : input.body;
  const signed = joined(encoder.encode(`${id}.${timestamp}.`), body);
  const secrets = typeof input.secret === 'string' ? [input.secret] : input.secret;
  for (const secret of secrets) {
    if (await isSignedBy(secret, signed, signatures)) {
      return JSON.parse(new TextDecoder().decode(body)) as WebhookEvent<Data>;
    }
  }
  throw new WebhookVerificationError('No signature of the webhook fits the secret.');
}

function headerOf({ headers }: VerifyWebhookInput, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : valueOf(headers, name);
  if (value === null || value === '') {
    throw new WebhookVerificationError(`The header ${name} is missing.`);
  }
  return value;
}

function valueOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): string | null {
  const key = Object.keys(headers).find((given) => given.toLowerCase() === name);
  const value = key === undefined ? undefined : headers[key];
  return typeof value === 'string' ? value : (value?.[0] ?? null);
}

function requireRecent(timestamp: string, toleranceSeconds: number): void {
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  const offset = Math.abs(Date.now() / 1_000 - seconds);
  if (!(offset <= toleranceSeconds)) {
    throw new WebhookVerificationError('The webhook is too old, or of the future.');
  }
}

/** `crypto.subtle` compares in constant time. */
async function isSignedBy(
  secret: string,
  signed: Uint8Array<ArrayBuffer>,
  signatures: readonly string[],
): Promise<boolean> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), algorithm, false, ['verify']);
  for (const signature of signatures) {
    const [version, text = ''] = signature.split(',');
    const bytes = version === 'v1' ? decoded(text) : null;
    if (bytes !== null && (await crypto.subtle.verify('HMAC', key, bytes, signed))) return true;
  }
  return false;
}

function bytesOf(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = decoded(secret.replace(/^whsec_/, ''));
  if (bytes !== null && bytes.length > 0) return bytes;
  throw new WebhookVerificationError('The secret is not one of a webhook endpoint: whsec_….');
}

function decoded(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
