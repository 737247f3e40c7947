const zero = 0x30;
const nine = 0x39;
const minus = 0x2d;
const point = 0x2e;

/** The most characters `General` shows, sign apart. */
const generalMax = 11;
/** What a double surely holds. */
const exactMax = 15;

/** True when `General` shows a stored number just as its bytes read, so nothing need be parsed. */
export function isGeneralVerbatim(bytes: Buffer, start: number, end: number): boolean {
  return isPlainDecimal(bytes, start, end, generalMax);
}

/** True when the bytes are the shortest way to write the number. */
export function isRawVerbatim(bytes: Buffer, start: number, end: number): boolean {
  return isPlainDecimal(bytes, start, end, exactMax);
}

/** Like the two above, for a plain decimal whose point somebody has found. */
export function isShortest(
  { bytes, start, end }: { bytes: Buffer; start: number; end: number },
  pointAt: number,
  isGeneral: boolean,
): boolean {
  const first = bytes[start] === minus ? start + 1 : start;
  if (end - first > (isGeneral ? generalMax : exactMax)) return false;
  const integerEnd = pointAt < 0 ? end : pointAt;
  if (integerEnd === first) return false;
  if (bytes[first] === zero && (integerEnd - first > 1 || (pointAt < 0 && first > start))) {
    return false;
  }
  return pointAt < 0 || (pointAt < end - 1 && bytes[end - 1] !== zero);
}

/** Digits, at most one point inside, no zeros that could be left out, no exponent. */
function isPlainDecimal(bytes: Buffer, start: number, end: number, max: number): boolean {
  const first = bytes[start] === minus ? start + 1 : start;
  if (end - first > max || end === first) return false;
  let pointAt = -1;
  for (let at = first; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= zero && byte <= nine) continue;
    if (byte !== point || pointAt >= 0) return false;
    pointAt = at;
  }
  const integerEnd = pointAt < 0 ? end : pointAt;
  if (integerEnd === first) return false;
  if (bytes[first] === zero && (integerEnd - first > 1 || (pointAt < 0 && first > start))) {
    return false;
  }
  return pointAt < 0 || (pointAt < end - 1 && bytes[end - 1] !== zero);
}

/** Powers that a double holds exactly. */
export const powersOfTen = Array.from({ length: 23 }, (_, index) => 10 ** index);
/** With so many characters `roughNumberOf` is off by a few units in the last place at most. */
export const roughMax = 21;

/** Reads a stored number; NaN when it is none. */
export function numberOf(bytes: Buffer, start: number, end: number): number {
  // Both numbers of the division are exact then, so it rounds as a full parser would.
  if (end - start <= exactMax) {
    const value = roughNumberOf(bytes, start, end);
    if (!Number.isNaN(value)) return value;
  }
  return start === end ? Number.NaN : Number(bytes.toString('latin1', start, end));
}

/**
 * Reads a plain decimal quickly, perhaps off by its last bits, which no format of at most nine
 * digits can show. NaN for what is long or has an exponent.
 */
export function roughNumberOf(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] === minus ? start + 1 : start;
  if (end === first || end - first > roughMax) return Number.NaN;
  let value = 0;
  let pointAt = end;
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] as number) - zero;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (bytes[at] === point && pointAt === end && end - first > 1) pointAt = at;
    else return Number.NaN;
  }
  if (pointAt < end - 1) value /= powersOfTen[end - 1 - pointAt] as number;
  return first > start ? -value : value;
}
