import { createHmac } from 'node:crypto';

/** How a signature can be wrong on purpose. */
export const wrongSignatures = ['wrong_secret', 'stale', 'future', 'altered', 'absent'] as const;
export type WrongSignature = (typeof wrongSignatures)[number];

/**
 * The header `Stripe-Signature` over a payload: `t=…,v1=…`. `t` is the wall clock, whatever business
 * time says: receivers hold it against theirs.
 */
export function signatureOf(
  payload: string,
  secret: string,
  nowMs: number,
  wrong?: WrongSignature,
): string | undefined {
  const shift = wrong === 'stale' ? -3600 : wrong === 'future' ? 3600 : 0;
  const at = Math.floor(nowMs / 1000) + shift;
  const key = wrong === 'wrong_secret' ? `${secret}x` : secret;
  const signed = wrong === 'altered' ? `${payload} ` : payload;
  const v1 = createHmac('sha256', key).update(`${at}.${signed}`).digest('hex');
  return wrong === 'absent' ? undefined : `t=${at},v1=${v1}`;
}
