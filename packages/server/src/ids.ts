import { randomBytes } from 'node:crypto';

/** Crockford's base 32, lower case: sorts like the bytes it encodes. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export type IdPrefix =
  | 'org'
  | 'job'
  | 'key'
  | 'plan'
  | 'sub'
  | 'inv'
  | 'whk'
  | 'evt'
  | 'req'
  | 'res'
  | 'mem'
  | 'ivt'
  | 'dlv'
  | 'aud'
  | 'ovr'
  | 'usr';

/**
 * A new id, e.g. `job_06b1…`: a UUIDv7 (RFC 9562) in 26 characters of base 32, so ids sort by the
 * millisecond in which they were made.
 *
 * @param prefix the kind of object
 * @param atMs unix time in milliseconds
 */
export function newId(prefix: IdPrefix, atMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(atMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${prefix}_${encode(bytes)}`;
}

/** The smallest id that could have been made at `atMs`: a bound for ranges over time. */
export function firstIdAt(prefix: IdPrefix, atMs: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, atMs), 0, 6);
  return `${prefix}_${encode(bytes)}`;
}

function encode(bytes: Buffer): string {
  // 128 bits in 26 digits of 5 bits; the first digit holds the two bits left over.
  let value = (bytes.readBigUInt64BE(0) << 64n) | bytes.readBigUInt64BE(8);
  const digits: string[] = Array.from({ length: 26 });
  for (let index = 25; index >= 0; index--) {
    digits[index] = alphabet[Number(value & 31n)] ?? '0';
    value >>= 5n;
  }
  return digits.join('');
}
