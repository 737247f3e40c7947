/** Code points of bytes 0x80 to 0x9F (WHATWG index windows-1252); the rest equals Latin-1. */
const upperHalf = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
  0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
  0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
];

const byteOf = new Map(upperHalf.map((code, index) => [code, 0x80 + index]));

/** Encodes text as Windows-1252; a character outside it becomes `?` and is counted. */
export function encodeWindows1252(text: string): { bytes: Buffer; unencodable: number } {
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  let unencodable = 0;
  for (let index = 0; index < text.length; index += 1) {
    let code = text.charCodeAt(index);
    if (code >= 0x80 && (code < 0xa0 || code > 0xff)) {
      const pair = code >= 0xd800 && code < 0xdc00 && index + 1 < text.length;
      const byte = byteOf.get(code);
      if (byte === undefined) unencodable += 1;
      if (pair) index += 1;
      code = byte ?? 0x3f;
    }
    bytes[length] = code;
    length += 1;
  }
  return { bytes: bytes.subarray(0, length), unencodable };
}
