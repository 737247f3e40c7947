import { EngineError } from '../engine.ts';
import type { JsonWriter } from '../json-writer.ts';
import { headerCharsMax } from '../text/bounds.ts';
import { UniqueNames } from '../text/unique-names.ts';
import type { WideBytes } from '../wide-bytes.ts';
import type { CellOutput, CellText } from './cell-text.ts';
import type { JsonLines } from './json-lines.ts';
import { cellKind } from './sheet-cell.ts';
import type { SheetCell } from './sheet-cell.ts';
import type { SheetReader } from './sheet-scanner.ts';

export interface JsonLayout {
  /** The first row with values names the keys; without it every row becomes an array. */
  readonly header: boolean;
  /** What becomes of a named column that a row has no value for. */
  readonly empty: 'null' | 'omit';
  /** Between the rows, and inside them. */
  readonly lines: JsonLines;
}

export interface JsonOutcome {
  readonly rows: number;
  readonly formulasWithoutValue: number;
  readonly unnamedColumns: number;
  readonly repeatedNames: number;
}

const nullBytes = Buffer.from('null');
const [comma, openObject, closeObject] = [Buffer.from(','), Buffer.from('{'), Buffer.from('}')];
const [openArray, closeArray] = [Buffer.from('['), Buffer.from(']')];

/**
 * Writes one sheet as JSON rows, in one pass and without knowing how far the sheet reaches. A row
 * without values is left out. Objects have every named column, in the order of the columns; one
 * without a name is called `column_<n>`, counted from A, and only stands where it has a value.
 */
export class SheetJson implements SheetReader {
  readonly #json: JsonWriter;
  readonly #texts: CellText;
  readonly #layout: JsonLayout;
  readonly #values: CellOutput;
  readonly #header = new HeaderCells();
  /** By column: everything before its value. Undefined: not named (yet). */
  readonly #keys: (Buffer | undefined)[] = [];
  /** One past the last column that every row has. */
  #namedEnd = 0;
  readonly #named = new Set<number>();
  #unique = new UniqueNames([]);
  #headerDone: boolean;
  #rows = 0;
  #inRow = false;
  #fields = 0;
  #nextColumn = 0;
  #formulasWithoutValue = 0;
  #unnamed = 0;
  #repeated = 0;

  constructor(json: JsonWriter, texts: CellText, layout: JsonLayout) {
    this.#json = json;
    this.#texts = texts;
    this.#layout = layout;
    this.#headerDone = !layout.header;
    this.#values = new JsonCells(json);
  }

  get outcome(): JsonOutcome {
    return {
      rows: this.#rows,
      formulasWithoutValue: this.#formulasWithoutValue,
      unnamedColumns: this.#unnamed,
      repeatedNames: this.#repeated,
    };
  }

  dimension(): void {}

  startRow(): void {
    this.#inRow = false;
    this.#fields = 0;
    this.#nextColumn = 0;
  }

  cell(cell: SheetCell): void {
    const { value, column } = cell;
    if (!cell.hasValue || (value.start === value.end && cell.kind !== cellKind.text)) {
      if (cell.hasFormula) this.#formulasWithoutValue += 1;
      return;
    }
    if (!this.#headerDone) {
      this.#header.column = column;
      this.#texts.write(cell, this.#header);
      return;
    }
    if (!this.#inRow) this.#openRow();
    this.#fillUpTo(column);
    this.#beginField(column);
    this.#texts.write(cell, this.#values);
    this.#nextColumn = column + 1;
  }

  endRow(): void {
    if (!this.#headerDone) {
      if (this.#header.names.length > 0) this.#setHeader();
      return;
    }
    if (!this.#inRow) return;
    const { header, lines } = this.#layout;
    if (header) this.#fillUpTo(this.#namedEnd);
    this.#json.bytes(lines.afterFields);
    this.#json.bytes(header ? closeObject : closeArray);
    this.#rows += 1;
  }

  #openRow(): void {
    const { header, lines } = this.#layout;
    this.#inRow = true;
    this.#json.bytes(this.#rows === 0 ? lines.beforeRow : lines.betweenRows);
    this.#json.bytes(header ? openObject : openArray);
  }

  /** The columns before one that have no value in this row. */
  #fillUpTo(end: number): void {
    const { header, empty } = this.#layout;
    if (header && empty === 'omit') return;
    for (let column = this.#nextColumn; column < end; column += 1) {
      if (header && !this.#named.has(column)) continue;
      this.#beginField(column);
      this.#json.bytes(nullBytes);
    }
  }

  #beginField(column: number): void {
    if (this.#fields > 0) this.#json.bytes(comma);
    this.#fields += 1;
    if (this.#layout.header) this.#json.bytes(this.#keys[column] ?? this.#nameLater(column));
    else this.#json.bytes(this.#layout.lines.beforeField);
  }

  #setHeader(): void {
    const { names, columns } = this.#header;
    const chars = names.reduce((sum, name) => sum + name.length, 0);
    if (chars > headerCharsMax) {
      throw new EngineError(
        'document_too_complex',
        `The column names are longer than ${headerCharsMax} characters together.`,
      );
    }
    this.#unique = new UniqueNames(names);
    for (const [index, name] of names.entries()) {
      const column = columns[index] as number;
      if (name === '') continue;
      const unique = this.#unique.claim(name, true);
      if (unique !== name) this.#repeated += 1;
      this.#keys[column] = this.#keyOf(unique);
      this.#named.add(column);
      this.#namedEnd = column + 1;
    }
    this.#headerDone = true;
  }

  #nameLater(column: number): Buffer {
    const key = this.#keyOf(this.#unique.claim(`column_${column + 1}`, false));
    this.#keys[column] = key;
    this.#unnamed += 1;
    return key;
  }

  #keyOf(name: string): Buffer {
    const { beforeField, colon } = this.#layout.lines;
    return Buffer.from(`${beforeField.toString()}${JSON.stringify(name.toWellFormed())}${colon}`);
  }
}

/** Keeps what the header's cells say. */
class HeaderCells implements CellOutput {
  column = 0;
  readonly names: string[] = [];
  readonly columns: number[] = [];

  fieldBytes(bytes: Uint8Array, start: number, end: number): void {
    this.field(Buffer.from(bytes.subarray(start, end)).toString('utf8'));
  }

  traitedBytes({ bytes }: WideBytes, start: number, end: number): void {
    this.fieldBytes(bytes, start, end);
  }

  field(text: string): void {
    this.names.push(text);
    this.columns.push(this.column);
  }

  digitBytes(bytes: Uint8Array, start: number, end: number): void {
    this.fieldBytes(bytes, start, end);
  }

  literalBytes(bytes: Uint8Array, start: number, end: number): void {
    this.fieldBytes(bytes, start, end);
  }

  literal(text: string): void {
    this.field(text);
  }

  emptyFields(): void {}
}

class JsonCells implements CellOutput {
  readonly #json: JsonWriter;

  constructor(json: JsonWriter) {
    this.#json = json;
  }

  fieldBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#json.textBytes(bytes, start, end);
  }

  traitedBytes(text: WideBytes, start: number, end: number, traits: number): void {
    this.#json.traitedBytes(text, start, end, traits);
  }

  field(text: string): void {
    this.#json.text(text);
  }

  digitBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#json.textBytes(bytes, start, end);
  }

  literalBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#json.bytes(bytes, start, end);
  }

  literal(text: string): void {
    this.#json.raw(text);
  }

  emptyFields(): void {
    this.#json.bytes(nullBytes);
  }
}
