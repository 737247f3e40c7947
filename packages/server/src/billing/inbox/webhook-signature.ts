import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the time of a signature may lie from the wall clock, either way. */
const toleranceSeconds = 300;

/** What can be told before the body is read: there is one time, and it is of the last minutes. */
export function isSignatureFresh(header: string | undefined, nowMs: number): boolean {
  return timeOf(partsOf(header), nowMs) !== null;
}

/**
 * Whether a body carries a valid `Stripe-Signature` (`t=…,v1=…`) under one of the secrets, made in
 * the last five minutes. The package's own check lets a time in the future pass, so that a signature
 * once seen could be used later.
 *
 * @see https://docs.stripe.com/webhooks#verify-manually
 */
export function isSignatureValid(
  body: Buffer,
  header: string | undefined,
  secrets: readonly string[],
  nowMs: number,
): boolean {
  const parts = partsOf(header);
  const time = timeOf(parts, nowMs);
  if (time === null) return false;
  const given = parts
    .filter(([name, value]) => name === 'v1' && /^[0-9a-f]{64}$/.test(value ?? ''))
    .map(([, value]) => Buffer.from(value ?? '', 'hex'));
  return secrets.some((secret) => {
    const right = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
    return given.some((signature) => timingSafeEqual(signature, right));
  });
}

type Parts = readonly (readonly string[])[];

function partsOf(header: string | undefined): Parts {
  return (header ?? '').split(',').map((part) => part.trim().split('='));
}

function timeOf(parts: Parts, nowMs: number): string | null {
  const times = parts.filter(([name]) => name === 't').map(([, value]) => value ?? '');
  const [time] = times;
  if (time === undefined || times.length > 1 || !/^\d{1,12}$/.test(time)) return null;
  return Math.abs(nowMs / 1000 - Number(time)) > toleranceSeconds ? null : time;
}
