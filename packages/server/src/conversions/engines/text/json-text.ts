/** What a JSON string must escape, and a few characters more, which does no harm. */
export const needsEscape = /["\\\p{Cc}]/u;

/** Exactly JSON's number grammar (RFC 8259, 6). */
export const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;

/** A JSON string. The text must be well-formed: our decoders refuse lone surrogates. */
export function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}
