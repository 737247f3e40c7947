import { EngineError } from '../engine.ts';
import { ByteText } from './byte-text.ts';
import { localNameIs } from './xml-tokenizer.ts';
import type { XmlAttributes, XmlHandler } from './xml-tokenizer.ts';

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
}

/** A rectangle of cells, 0-based, `bottom` and `right` included. */
export interface CellBox {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Rows and cells come in order; numbers are 0-based. */
export interface SheetReader {
  /** What the sheet claims to reach; often wrong. */
  dimension(box: CellBox): void;
  startRow(row: number): void;
  cell(cell: SheetCell): void;
  endRow(): void;
}

const rowsMax = 1_048_576;
const columnsMax = 16_384;

const letterA = 0x41;
const letterC = 0x63;
const letterD = 0x64;
const letterF = 0x66;
const letterS = 0x73;
const letterT = 0x74;
const letterV = 0x76;
const letterR = 0x72;
const zero = 0x30;
const range = /^\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?$/i;

/** Turns the tokens of a worksheet part into rows and cells. */
export class SheetScanner implements XmlHandler {
  readonly #reader: SheetReader;
  readonly #cell = new SheetCell();
  #row = -1;
  #column = -1;
  #inData = false;
  #inRow = false;
  #inCell = false;
  #capturing = false;
  #phoneticDepth = 0;

  constructor(reader: SheetReader) {
    this.#reader = reader;
  }

  open(bytes: Buffer, start: number, end: number, attributes: XmlAttributes): void {
    if (!this.#inData) {
      if (localNameIs(bytes, start, end, 'sheetData')) this.#inData = true;
      else if (localNameIs(bytes, start, end, 'dimension')) this.#dimension(bytes, attributes);
      return;
    }
    if (end - start === 1) {
      const letter = bytes[start];
      if (letter === letterC) this.#openCell(bytes, attributes);
      else if (letter === letterV) this.#openValue();
      else if (letter === letterT && this.#phoneticDepth === 0) this.#openValue();
      else if (letter === letterF) this.#cell.hasFormula = true;
    } else if (localNameIs(bytes, start, end, 'row')) this.#openRow(bytes, attributes);
    else if (localNameIs(bytes, start, end, 'rPh')) this.#phoneticDepth += 1;
  }

  close(bytes: Buffer, start: number, end: number): void {
    if (!this.#inData) return;
    if (end - start === 1) {
      const letter = bytes[start];
      if (letter === letterV || letter === letterT) this.#capturing = false;
      else if (letter === letterC && this.#inCell) {
        this.#inCell = false;
        this.#reader.cell(this.#cell);
      }
    } else if (localNameIs(bytes, start, end, 'row')) {
      this.#inRow = false;
      this.#reader.endRow();
    } else if (localNameIs(bytes, start, end, 'rPh')) this.#phoneticDepth -= 1;
    else if (localNameIs(bytes, start, end, 'sheetData')) this.#inData = false;
  }

  text(bytes: Buffer, start: number, end: number, plain: boolean): void {
    if (this.#capturing) this.#cell.value.append(bytes, start, end, plain);
  }

  #dimension(bytes: Buffer, attributes: XmlAttributes): void {
    const match = range.exec(attributes.get(bytes, 'ref') ?? '');
    if (match === null) return;
    const [, left = '', top, right = left, bottom = top] = match;
    const box = {
      top: Number(top) - 1,
      left: columnOfLetters(left),
      bottom: Number(bottom) - 1,
      right: columnOfLetters(right),
    };
    const isSound = box.top >= 0 && box.top <= box.bottom && box.left <= box.right;
    if (isSound && box.bottom < rowsMax && box.right < columnsMax) this.#reader.dimension(box);
  }

  #openRow(bytes: Buffer, attributes: XmlAttributes): void {
    if (this.#inRow) throw damaged('a row lies inside a row');
    let row = this.#row + 1;
    const { offsets, count } = attributes;
    for (let at = 0; at < 4 * count; at += 4) {
      if (bytes[offsets[at] as number] !== letterR || length(offsets, at) !== 1) continue;
      row = integerOf(bytes, offsets[at + 2] as number, offsets[at + 3] as number) - 1;
    }
    if (!(row > this.#row) || row >= rowsMax) throw damaged(`row ${row + 1} is out of order`);
    this.#row = row;
    this.#column = -1;
    this.#inRow = true;
    this.#reader.startRow(row);
  }

  #openCell(bytes: Buffer, attributes: XmlAttributes): void {
    if (!this.#inRow || this.#inCell) throw damaged('a cell lies outside its row');
    const cell = this.#cell;
    let column = this.#column + 1;
    cell.kind = cellKind.number;
    cell.style = 0;
    cell.hasValue = false;
    cell.hasFormula = false;
    cell.value.clear();
    const { offsets, count } = attributes;
    for (let at = 0; at < 4 * count; at += 4) {
      if (length(offsets, at) !== 1) continue;
      const letter = bytes[offsets[at] as number];
      const start = offsets[at + 2] as number;
      const end = offsets[at + 3] as number;
      if (letter === letterR) column = columnOf(bytes, start, end);
      else if (letter === letterS) cell.style = integerOf(bytes, start, end);
      else if (letter === letterT) cell.kind = kindOf(bytes, start, end);
    }
    if (column <= this.#column || column >= columnsMax) {
      throw damaged(`a cell of row ${this.#row + 1} is out of order`);
    }
    this.#column = column;
    this.#inCell = true;
    cell.column = column;
  }

  #openValue(): void {
    if (!this.#inCell) return;
    this.#capturing = true;
    this.#cell.hasValue = true;
  }
}

function length(offsets: Int32Array, at: number): number {
  return (offsets[at + 1] as number) - (offsets[at] as number);
}

/** The 0-based column of a reference such as `AB12`; the row is not looked at. */
function columnOf(bytes: Buffer, start: number, end: number): number {
  let column = 0;
  for (let at = start; at < end && column <= columnsMax; at += 1) {
    // Upper and lower case differ in one bit.
    const letter = ((bytes[at] as number) & 0xdf) - letterA;
    if (letter < 0 || letter > 25 || (bytes[at] as number) < letterA) break;
    column = column * 26 + letter + 1;
  }
  return column - 1;
}

function columnOfLetters(letters: string): number {
  return columnOf(Buffer.from(letters), 0, letters.length);
}

/** Digits only; NaN for anything else. */
function integerOf(bytes: Buffer, start: number, end: number): number {
  let value = start < end ? 0 : Number.NaN;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - zero;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** `n`, `s`, `str`, `inlineStr`, `b`, `e`, `d`; told apart by the first letter and the length. */
function kindOf(bytes: Buffer, start: number, end: number): CellKind {
  const first = bytes[start];
  if (first === letterS) return end - start === 1 ? cellKind.shared : cellKind.text;
  if (first === 0x69) return cellKind.text;
  if (first === 0x62) return cellKind.boolean;
  if (first === 0x65) return cellKind.error;
  return first === letterD ? cellKind.date : cellKind.number;
}

function damaged(reason: string): EngineError {
  return new EngineError('document_invalid', `The sheet is damaged: ${reason}.`);
}
