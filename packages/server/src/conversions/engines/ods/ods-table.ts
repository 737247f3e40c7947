import { EngineError } from '../engine.ts';
import { SheetCell, cellKind, columnsMax } from '../xlsx/sheet-cell.ts';
import type { CellKind } from '../xlsx/sheet-cell.ts';
import type { SheetReader } from '../xlsx/sheet-scanner.ts';

const rowsMax = 1_048_576;
/** A kilobyte of XML can repeat a row a million times. */
const repeatedCellsMax = 32_000_000;

interface RowCell {
  readonly column: number;
  readonly kind: CellKind;
  readonly text: Buffer;
}

/** Gives rows and cells, repeated as often as the document says, to a reader. */
export class OdsTable {
  readonly #reader: SheetReader;
  readonly #cell = new SheetCell();
  #row = 0;
  #column = 0;
  #repeat = 1;
  #repeatedCells = 0;
  readonly #cells: RowCell[] = [];

  constructor(reader: SheetReader) {
    this.#reader = reader;
  }

  startRow(repeat: number): void {
    this.#column = 0;
    this.#repeat = repeat;
    this.#cells.length = 0;
  }

  empty(repeat: number): void {
    this.#column += repeat;
  }

  cell(kind: CellKind, value: string, repeat: number): void {
    const text = Buffer.from(value);
    // A style that reaches to the last column repeats what is in it, which is nothing.
    for (let count = 0; count < repeat; count += 1) {
      if (this.#column >= columnsMax) throw tooLarge();
      this.#cells.push({ column: this.#column, kind, text });
      this.#column += 1;
    }
  }

  endRow(): void {
    if (this.#cells.length === 0) {
      this.#row += this.#repeat;
      return;
    }
    this.#repeatedCells += (this.#repeat - 1) * this.#cells.length;
    if (this.#row + this.#repeat > rowsMax || this.#repeatedCells > repeatedCellsMax) {
      throw tooLarge();
    }
    for (let count = 0; count < this.#repeat; count += 1) this.#writeRow();
  }

  #writeRow(): void {
    const cell = this.#cell;
    this.#reader.startRow(this.#row);
    for (const { column, kind, text } of this.#cells) {
      cell.column = column;
      cell.kind = kind;
      cell.hasValue = true;
      cell.value.set(text, 0, text.length);
      this.#reader.cell(cell);
    }
    this.#reader.endRow();
    this.#row += 1;
  }
}

/** How often something is repeated, as an attribute says; 1 for anything that is no count. */
export function repeatOf(attribute: string | undefined): number {
  return attribute !== undefined && /^[1-9]\d{0,6}$/.test(attribute) ? Number(attribute) : 1;
}

function tooLarge(): EngineError {
  return new EngineError(
    'document_too_complex',
    `The sheet has more than ${rowsMax} rows or ${columnsMax} columns with values, or repeats ` +
      `more than ${repeatedCellsMax} cells.`,
  );
}

/** The value of a cell in the words of our reader. */
export function kindOfValueType(type: string | undefined): CellKind {
  if (type === 'float' || type === 'percentage' || type === 'currency') return cellKind.number;
  return type === 'boolean' ? cellKind.boolean : cellKind.text;
}
