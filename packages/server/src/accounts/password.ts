import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, typeof cost, Buffer>(scrypt);

/** What a new one has to have, in characters; the SDK's `passwordLength` tells clients. */
export const passwordLength = { min: 10, max: 128 } as const;

/** One of OWASP's equal choices for scrypt: 32 MB for a hash, on a thread beside the event loop. */
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 26 };
const keyBytes = 32;
/** So many at once; who comes then waits. Memory is bounded by it. */
const atOnceMax = 2;

let running = 0;
const waiting: (() => void)[] = [];

/** `scrypt:15-8-3:<salt>:<key>`: what is kept of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await deriveInTurn(password, salt);
  return `scrypt:15-8-3:${salt.toString('base64url')}:${key.toString('base64url')}`;
}

/** Takes as long for a wrong password as for the right one. */
export async function verifyPassword(kept: string, password: string): Promise<boolean> {
  const [kind, , salt = '', key = ''] = kept.split(':');
  const wanted = Buffer.from(key, 'base64url');
  const given = await deriveInTurn(password, Buffer.from(salt, 'base64url'));
  return kind === 'scrypt' && wanted.length === given.length && timingSafeEqual(wanted, given);
}

async function deriveInTurn(password: string, salt: Buffer): Promise<Buffer> {
  if (running >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    // The same letter may be typed composed or decomposed, by the keyboard (NIST SP 800-63B 5.1.1.2).
    return await derive(password.normalize('NFKC'), salt, keyBytes, cost);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
