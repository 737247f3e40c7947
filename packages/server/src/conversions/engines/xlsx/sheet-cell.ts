import { ByteText } from './byte-text.ts';

/** What a cell's value text means (ECMA-376, 18.18.11). */
export const cellKind = { number: 0, shared: 1, text: 2, boolean: 3, error: 4, date: 5 } as const;
export type CellKind = (typeof cellKind)[keyof typeof cellKind];

/** One cell; the scanner has a single one and fills it anew, so nothing may keep it. */
export class SheetCell {
  /** 0-based. */
  column = 0;
  style = 0;
  kind: CellKind = cellKind.number;
  /** False when the cell has no value at all. */
  hasValue = false;
  hasFormula = false;
  readonly value = new ByteText();
  /**
   * The value as `roughNumberOf` would read it, and where its point is (-1: nowhere), where the
   * scanner came across both on its way; NaN where it did not.
   */
  rough = Number.NaN;
  pointAt = -1;
}

const letterA = 0x41;
const letterB = 0x62;
const letterD = 0x64;
const letterE = 0x65;
const letterI = 0x69;
const letterS = 0x73;
export const columnsMax = 16_384;

/** The 0-based column of a reference such as `AB12`; the row is not looked at. */
export function columnOf(bytes: Buffer, start: number, end: number): number {
  let column = 0;
  for (let at = start; at < end && column <= columnsMax; at += 1) {
    // Upper and lower case differ in one bit.
    const letter = ((bytes[at] as number) & 0xdf) - letterA;
    if (letter < 0 || letter > 25 || (bytes[at] as number) < letterA) break;
    column = column * 26 + letter + 1;
  }
  return column - 1;
}

/** `n`, `s`, `str`, `inlineStr`, `b`, `e`, `d`; told apart by the first letter and the length. */
export function kindOf(bytes: Buffer, start: number, end: number): CellKind {
  const first = bytes[start];
  if (first === letterS) return end - start === 1 ? cellKind.shared : cellKind.text;
  if (first === letterI) return cellKind.text;
  if (first === letterB) return cellKind.boolean;
  if (first === letterE) return cellKind.error;
  return first === letterD ? cellKind.date : cellKind.number;
}
