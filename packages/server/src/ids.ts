import { hash, randomFillSync } from 'node:crypto';

/** Crockford's base 32, lower case: sorts like the bytes it encodes. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export type IdPrefix =
  | 'org'
  | 'job'
  | 'bat'
  | 'key'
  | 'plan'
  | 'sub'
  | 'inv'
  | 'bill'
  | 'line'
  | 'whk'
  | 'evt'
  | 'req'
  | 'res'
  | 'mem'
  | 'ivt'
  | 'dlv'
  | 'aud'
  | 'ovr'
  | 'chg'
  | 'crd'
  | 'pmg'
  | 'usr'
  | 'ses'
  | 'acc'
  | 'msg';

/**
 * A new id, e.g. `job_06b1…`: a UUIDv7 (RFC 9562) in 26 characters of base 32, so ids sort by the
 * millisecond in which they were made.
 *
 * @param prefix the kind of object
 * @param atMs unix time in milliseconds
 */
export function newId(prefix: IdPrefix, atMs: number): string {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUIntBE(atMs, 0, 6);
  fillRandom(bytes);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${prefix}_${encode(bytes)}`;
}

/**
 * An id that follows from another one, whoever asks: the same index of the same id gives the same.
 * It has that id's time.
 */
export function derivedId(prefix: IdPrefix, fromId: string, index: number): string {
  const digits = fromId.slice(fromId.indexOf('_') + 1);
  const bytes = hash('sha256', `${fromId} ${prefix} ${index}`, 'buffer').subarray(0, 16);
  const atMs = timeOfId('job', `job_${digits}`) ?? 0;
  bytes.writeUIntBE(atMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  return `${prefix}_${encode(bytes)}`;
}

/** The smallest id that could have been made at `atMs`: a bound for ranges over time. */
export function firstIdAt(prefix: IdPrefix, atMs: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, atMs), 0, 6);
  return `${prefix}_${encode(bytes)}`;
}

/** Random bytes are drawn by the page: a call into OpenSSL costs more than the rest of an id. */
const randomPage = Buffer.alloc(4096);
let randomUsed = randomPage.length;

function fillRandom(bytes: Buffer): void {
  if (randomUsed + 10 > randomPage.length) {
    randomFillSync(randomPage);
    randomUsed = 0;
  }
  randomPage.copy(bytes, 6, randomUsed, randomUsed + 10);
  randomUsed += 10;
}

/** 128 bits in 26 digits of 5 bits: two zero bits stand before the first byte. */
/** When an id was made, in unix milliseconds; null: it is no id of this kind. */
export function timeOfId(prefix: IdPrefix, id: string): number | null {
  const digits = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.exec(id.slice(prefix.length + 1))?.[0];
  if (digits === undefined || !id.startsWith(`${prefix}_`)) return null;
  // The first ten digits are 50 bits: two of nothing, then the 48 of the time.
  let timeMs = 0;
  for (let index = 0; index < 10; index++) {
    timeMs = timeMs * 32 + alphabet.indexOf(digits.charAt(index));
  }
  return timeMs;
}

function encode(bytes: Buffer): string {
  let text = '';
  let value = 0;
  let bits = 2;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >> bits) & 31] ?? '0';
    }
    value &= (1 << bits) - 1;
  }
  return text;
}
