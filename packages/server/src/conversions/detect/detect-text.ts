import { isAscii, isUtf8 } from 'node:buffer';

/** How the first bytes of a text are written; null where they are no text. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'single-byte';

/** The bytes below 0x20 that texts do contain: tab, line breaks, form feed, escape. */
const controlAllowed = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b]);

/**
 * Tells text from binary by the first bytes: a byte order mark, or valid UTF-8, or a single-byte
 * encoding without control characters. A NUL means binary, unless every second byte is one, as in
 * UTF-16 without a mark.
 */
export function sniffText(head: Buffer): TextEncoding | null {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head.includes(0)) return looksLikeUtf16(head) ? 'utf-16le' : null;
  if (hasControls(head)) return null;
  return isAscii(head) || isUtf8(withoutCutTail(head)) ? 'utf-8' : 'single-byte';
}

/** Latin text in UTF-16LE: hardly a NUL at even offsets, hardly anything else at odd ones. */
function looksLikeUtf16(head: Buffer): boolean {
  if (head.length < 4) return false;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let at = 0; at + 1 < head.length; at += 2) {
    if (head[at] === 0) evenZeros += 1;
    else if ((head[at] ?? 0) < 0x20 && !controlAllowed.has(head[at] ?? 0)) return false;
    if (head[at + 1] === 0) oddZeros += 1;
  }
  return evenZeros === 0 && oddZeros >= 0.9 * Math.floor(head.length / 2);
}

function hasControls(head: Buffer): boolean {
  for (let at = 0; at < head.length; at += 1) {
    const byte = head[at] as number;
    if ((byte < 0x20 && !controlAllowed.has(byte)) || byte === 0x7f) return true;
  }
  return false;
}

/** The head may end in the middle of a character; drops at most three bytes of it. */
function withoutCutTail(head: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, head.length); back += 1) {
    const byte = head[head.length - back] as number;
    if (byte >= 0xc0) return head.subarray(0, head.length - back);
    if (byte < 0x80) return head;
  }
  return head;
}

const signatureBytesMax = 1024;

/** The beginning of the head as a string, without its byte order mark: enough for signatures. */
export function decodeHead(head: Buffer, encoding: TextEncoding): string {
  const start = head.subarray(0, signatureBytesMax);
  if (encoding === 'utf-8') return start.toString('utf8').replace(/^\ufeff/u, '');
  if (encoding === 'single-byte') return start.toString('latin1');
  return new TextDecoder(encoding).decode(start);
}
