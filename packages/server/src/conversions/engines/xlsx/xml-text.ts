const entity = /&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/g;
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
const escapedCharacter = /_x([0-9a-fA-F]{4})_/g;

/** Resolves character references and line ends; an unknown entity stays as it is written. */
export function decodeXml(raw: string): string {
  // XML 1.0, 2.11: a literal CR LF or CR is one LF; only `&#13;` is a carriage return.
  const text = raw.includes('\r') ? raw.replaceAll(/\r\n?/g, '\n') : raw;
  if (!text.includes('&')) return text;
  return text.replaceAll(entity, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Resolves `_x000D_`, the way of OOXML to write what XML cannot (ECMA-376, 22.9.2.19). */
function decodeEscapes(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replaceAll(escapedCharacter, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Text of a byte range that the tokenizer called not plain. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  return decodeEscapes(decodeXml(bytes.toString('utf8', start, end)));
}

const ampersand = 0x26;
/** The most frequent first. */
const commonEntities = ['amp', 'lt', 'gt', 'quot', 'apos'].map((name) => ({
  written: Buffer.from(`&${name};`),
  byte: (named[name] ?? '').charCodeAt(0),
}));
const underscore = 0x5f;
const letterX = 0x78;
const carriageReturn = 0x0d;

/**
 * Copies a range to the beginning of `target`, resolving the five entities of XML, without making
 * a string. Gives the length, or -1 where something else would have to be resolved.
 */
export function decodeCommonEntities(
  bytes: Buffer,
  start: number,
  end: number,
  target: Buffer,
): number {
  let length = 0;
  for (let at = start; at < end; at += 1) {
    let byte = bytes[at] as number;
    if (byte === carriageReturn || (byte === underscore && bytes[at + 1] === letterX)) return -1;
    if (byte === ampersand) {
      const found = commonEntities.find((one) => matches(bytes, at, end, one.written));
      if (found === undefined) return -1;
      byte = found.byte;
      at += found.written.length - 1;
    }
    target[length] = byte;
    length += 1;
  }
  return length;
}

function matches(bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start < wanted.length) return false;
  for (let index = 1; index < wanted.length; index += 1) {
    if (bytes[start + index] !== wanted[index]) return false;
  }
  return true;
}
