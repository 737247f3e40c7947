import { isUtf8 } from 'node:buffer';

/**
 * HTML as a browser would read it: by its byte order mark, as UTF-8 where it is that, else by what
 * it says of itself, else as Windows-1252. Bytes that are wrong in it become U+FFFD.
 */
export function decodeHtml(bytes: Buffer): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (isUtf8(bytes)) return 'utf-8';
  const said = /<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})/iu.exec(
    bytes.toString('latin1', 0, 1024),
  )?.[1];
  if (said === undefined || /^utf-?(?:8|16)/iu.test(said)) return 'windows-1252';
  try {
    return new TextDecoder(said).encoding;
  } catch {
    return 'windows-1252';
  }
}
