/** A key for one attempt that may be repeated: 128 random bits as hex; `crypto.randomUUID` is missing from browsers on plain http. */
export function randomToken(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
