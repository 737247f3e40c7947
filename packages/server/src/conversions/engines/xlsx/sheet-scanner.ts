import { EngineError } from '../engine.ts';
import { digitCount } from './format/digits.ts';
import { readPlainCell } from './plain-cell.ts';
import { SheetCell, cellKind, columnOf, columnsMax, kindOf } from './sheet-cell.ts';
import { localNameIs } from './xml-tokenizer.ts';
import type { XmlAttributes, XmlHandler } from './xml-tokenizer.ts';

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

const lessThan = 0x3c;
const letterC = 0x63;
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
  #rowDigits = 1;
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

  /** As many plain cells as follow each other: going back to the tokenizer costs as much as one. */
  shortcut(bytes: Buffer, start: number): number {
    if (!this.#inRow || this.#inCell) return start;
    const cell = this.#cell;
    const last = bytes.length - 1;
    let at = start;
    while (at < last && bytes[at] === lessThan && bytes[at + 1] === letterC) {
      const end = readPlainCell(bytes, at, cell, this.#column, this.#rowDigits);
      if (end === at) break;
      this.#column = cell.column;
      this.#reader.cell(cell);
      at = end;
    }
    return at;
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
    this.#rowDigits = digitCount(row + 1);
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
    cell.rough = Number.NaN;
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

function damaged(reason: string): EngineError {
  return new EngineError('document_invalid', `The sheet is damaged: ${reason}.`);
}
