import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** Version of the form below; a sealed text begins with it. */
const form = 'v1';
const ivBytes = 12;
const tagBytes = 16;

/**
 * What is derived from the server's one secret (`AUTH_SECRET`): keys that seal what the database must
 * hold but never in clear, and keys that sign links. Each purpose has a key of its own.
 */
export interface Secrets {
  /**
   * Encrypts (AES-256-GCM). `place` is where it will stand, e.g. `webhook_endpoints:org_1:whk_1`: moved
   * to another row it cannot be opened.
   */
  seal(text: string, place: string): string;
  /** Null: sealed with another secret or for another place, or damaged. */
  open(sealed: string, place: string): string | null;
  /** A signature of `text` that is good for this purpose alone (HMAC-SHA-256), base64url. */
  sign(purpose: string, text: string): string;
  isSigned(purpose: string, text: string, signature: string): boolean;
}

/** @param secret at least 32 characters, the same for all processes on one database */
export function createSecrets(secret: string): Secrets {
  const keyFor = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, 'mutate', purpose, 32));
  const sealingKey = keyFor('seal');
  const sign = (purpose: string, text: string): Buffer =>
    createHmac('sha256', keyFor(`sign ${purpose}`))
      .update(text)
      .digest();
  return {
    seal: (text, place) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', sealingKey, iv).setAAD(Buffer.from(place));
      const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${form}.${Buffer.concat([iv, cipher.getAuthTag(), content]).toString('base64url')}`;
    },
    open: (sealed, place) => openSealed(sealingKey, sealed, place),
    sign: (purpose, text) => sign(purpose, text).toString('base64url'),
    isSigned: (purpose, text, signature) => {
      const given = Buffer.from(signature, 'base64url');
      const right = sign(purpose, text);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}

function openSealed(key: Buffer, sealed: string, place: string): string | null {
  const bytes = Buffer.from(sealed.slice(form.length + 1), 'base64url');
  if (!sealed.startsWith(`${form}.`) || bytes.length < ivBytes + tagBytes) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    const content = decipher.update(bytes.subarray(ivBytes + tagBytes));
    return Buffer.concat([content, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
