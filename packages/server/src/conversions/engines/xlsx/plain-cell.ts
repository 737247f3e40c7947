import { powersOfTen, roughMax } from './number-text.ts';
import { cellKind, columnOf, columnsMax, kindOf } from './sheet-cell.ts';
import type { SheetCell } from './sheet-cell.ts';

const space = 0x20;
const minus = 0x2d;
const point = 0x2e;
const quote = 0x22;
const slash = 0x2f;
const zero = 0x30;
const lessThan = 0x3c;
const equals = 0x3d;
const greaterThan = 0x3e;
const letterA = 0x41;
const letterC = 0x63;
const letterR = 0x72;
const letterS = 0x73;
const letterT = 0x74;
const letterV = 0x76;

/**
 * Reads a cell that is written the way nearly every program writes it, `<c r="B2" s="1" t="s">
 * <v>7</v></c>` or `<c r="B2" s="1"/>`, in one pass. This halves the time of a whole sheet.
 *
 * `rowDigits` is how long the row's number is. Gives the position after the cell, or `start` for anything else, which the tokenizer then reads
 * (and judges) piece by piece.
 */
export function readPlainCell(
  bytes: Buffer,
  start: number,
  cell: SheetCell,
  lastColumn: number,
  rowDigits: number,
): number {
  // Near the end every byte would have to be asked for whether it is there: one read past the end
  // and the engine compiles this for values that may be undefined, at half the speed.
  const limit = bytes.length - marginBytes;
  if (start > limit) return start;
  let at = start + 2;
  let column = -1;
  let style = 0;
  let kindStart = -1;
  let kindEnd = -1;
  while (bytes[at] === space) {
    const name = bytes[at + 1];
    if (bytes[at + 2] !== equals || bytes[at + 3] !== quote) return start;
    const valueStart = at + 4;
    let valueEnd = name === letterR ? referenceEnd(bytes, valueStart, rowDigits) : valueStart;
    while (valueEnd < limit && bytes[valueEnd] !== quote) valueEnd += 1;
    if (valueEnd >= limit) return start;
    if (name === letterR) column = columnOf(bytes, valueStart, valueEnd);
    else if (name === letterS) style = smallInteger(bytes, valueStart, valueEnd);
    else if (name === letterT) {
      kindStart = valueStart;
      kindEnd = valueEnd;
    } else return start;
    at = valueEnd + 1;
  }
  if (column <= lastColumn || column >= columnsMax || style < 0) return start;
  let valueStart = 0;
  let valueEnd = 0;
  if (bytes[at] === greaterThan) {
    if (!isValueTag(bytes, at + 1)) return start;
    valueStart = at + 4;
    valueEnd = plainTextEnd(bytes, readDecimal(bytes, valueStart, cell));
    if (valueEnd > bytes.length - endTagBytes || !isEnd(bytes, valueEnd)) return start;
    at = valueEnd + 8;
  } else if (bytes[at] === slash && bytes[at + 1] === greaterThan) at += 2;
  else return start;
  cell.column = column;
  cell.style = style;
  cell.kind = kindStart < 0 ? cellKind.number : kindOf(bytes, kindStart, kindEnd);
  cell.hasFormula = false;
  cell.hasValue = valueStart > 0;
  cell.value.set(bytes, valueStart, valueEnd);
  return at;
}

/** Skips the row's digits at once where there are as many as expected; only the letters count. */
function referenceEnd(bytes: Buffer, start: number, rowDigits: number): number {
  let at = start;
  while ((bytes[at] as number) >= letterA) at += 1;
  return bytes[at + rowDigits] === quote ? at + rowDigits : at;
}

/** `</v></c>` */
const endTagBytes = 8;
/** More than a tag without its attributes' values. */
const marginBytes = 64;

/** `<v>` */
function isValueTag(bytes: Buffer, at: number): boolean {
  return bytes[at] === lessThan && bytes[at + 1] === letterV && bytes[at + 2] === greaterThan;
}

/**
 * Reads a number while it looks for its end: most values are one, and this saves two more passes
 * over their bytes. Gives the position after what it could read.
 */
function readDecimal(bytes: Buffer, start: number, cell: SheetCell): number {
  const first = bytes[start] === minus ? start + 1 : start;
  let at = first;
  let pointAt = -1;
  let value = 0;
  const last = bytes.length - 1;
  for (; at < last; at += 1) {
    const digit = (bytes[at] as number) - zero;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === point - zero && pointAt < 0) pointAt = at;
    else break;
  }
  const size = at - first;
  const isWhole =
    bytes[at] === lessThan && size > 0 && size <= roughMax && (pointAt < 0 || size > 1);
  if (!isWhole) {
    cell.rough = Number.NaN;
    return start;
  }
  if (pointAt >= 0 && pointAt < at - 1) value /= powersOfTen[at - 1 - pointAt] as number;
  cell.rough = first > start ? -value : value;
  cell.pointAt = pointAt;
  return at;
}

/** `</v></c>` */
function isEnd(bytes: Buffer, at: number): boolean {
  return (
    bytes[at + 7] === greaterThan &&
    bytes[at] === lessThan &&
    bytes[at + 1] === slash &&
    bytes[at + 2] === letterV &&
    bytes[at + 3] === greaterThan &&
    bytes[at + 4] === lessThan &&
    bytes[at + 5] === slash &&
    bytes[at + 6] === letterC
  );
}

/** Marks what ends a text or has to be decoded: `<`, `&`, `_` and control characters. */
const notPlain = new Uint8Array(256).fill(1, 0, space);
for (const mark of '<&_') notPlain[mark.charCodeAt(0)] = 1;

function plainTextEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && notPlain[bytes[at] as number] === 0) at += 1;
  return at;
}

/** -1 for what is no integer below a million. */
function smallInteger(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > 6) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
