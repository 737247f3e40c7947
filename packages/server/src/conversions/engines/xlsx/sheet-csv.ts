import type { CsvWriter } from '../csv-writer.ts';
import type { CellText } from './cell-text.ts';
import { columnsMax } from './sheet-cell.ts';
import type { SheetCell } from './sheet-cell.ts';
import type { CellBox, SheetReader } from './sheet-scanner.ts';

/** What a pass over a sheet found. */
export interface SheetShape {
  /** The used range as Excel would see it; undefined for a sheet without cells. */
  readonly used: CellBox | undefined;
  readonly values: number;
  readonly formulasWithoutValue: number;
  /** False when the used range is not what was written: another pass is due. */
  readonly fits: boolean;
  /** False when the rows of a huge, nearly empty sheet end at their last cell. */
  readonly padded: boolean;
}

/** A claimed dimension is believed up to this many cells, or four times the cells there are. */
const plausibleCells = 1_000_000;
/** Past this many cells rows are only padded where one cell in eight exists. */
const paddedCellsMax = 64_000_000;

/**
 * Writes one sheet as records, in the shape in which Excel saves it: the used range, which begins
 * at the first used row and column and pads every row to the last used column.
 *
 * That range is only known at the end. The first pass trusts the sheet's own `dimension`, and
 * `finish` tells when it was wrong; then a second one is given what the first has measured.
 */
export class SheetCsv implements SheetReader {
  readonly #csv: CsvWriter;
  readonly #texts: CellText;
  readonly #known: SheetShape | undefined;
  #claimed: CellBox | undefined;
  /** The range being written; its right side may still grow in a first pass. */
  #top = -1;
  #left = 0;
  #right = -1;
  #padded = true;
  /** The smallest box around all cells. */
  #firstRow = -1;
  #firstColumn = columnsMax;
  #lastColumn = -1;
  #lastRow = -1;
  #row = -1;
  #rowHasCells = false;
  #nextRow = -1;
  #nextColumn = 0;
  /** Of the row's last cell so far. */
  #column = 0;
  #fits = true;
  #cells = 0;
  #padding = 0;
  #values = 0;
  #formulasWithoutValue = 0;

  /** @param known what an earlier pass has found. */
  constructor(csv: CsvWriter, texts: CellText, known?: SheetShape) {
    this.#csv = csv;
    this.#texts = texts;
    this.#known = known;
    if (known === undefined) return;
    this.#padded = known.padded;
    this.#startAt(known.used);
  }

  dimension(box: CellBox): void {
    if (this.#known !== undefined) return;
    this.#claimed = box;
    this.#startAt(box);
  }

  startRow(row: number): void {
    this.#row = row;
    this.#rowHasCells = false;
  }

  cell(cell: SheetCell): void {
    const { column, value } = cell;
    if (!this.#rowHasCells) this.#beginRecord(column);
    this.#column = column;
    this.#cells += 1;
    const isEmpty = value.start === value.end;
    if (!isEmpty) this.#values += 1;
    else if (cell.hasFormula && !cell.hasValue) this.#formulasWithoutValue += 1;
    if (!this.#fits) return;
    if (column > this.#nextColumn) this.#csv.emptyFields(column - this.#nextColumn);
    this.#nextColumn = column + 1;
    if (isEmpty) this.#csv.emptyFields(1);
    else this.#texts.write(cell, this.#csv);
  }

  endRow(): void {
    if (!this.#rowHasCells) return;
    const last = this.#column;
    if (last > this.#lastColumn) this.#lastColumn = last;
    if (!this.#fits) return;
    if (last > this.#right) {
      // Records that were written before are now too short.
      if (this.#nextRow > this.#top) this.#fits = false;
      this.#right = last;
    }
    if (this.#padded) this.#pad(this.#right - last);
    this.#csv.endRow();
    this.#nextRow = this.#row + 1;
  }

  /** Ends the sheet: rows that are formatted but empty, if it fits. */
  finish(): SheetShape {
    const used = this.#usedRange();
    const fits =
      this.#fits &&
      (used === undefined ||
        (used.top === this.#top && used.left === this.#left && used.right === this.#right));
    const area = used === undefined ? 0 : areaOf(used);
    if (fits && used !== undefined && this.#values > 0) this.#emptyRecords(used.bottom + 1);
    return {
      used,
      values: this.#values,
      formulasWithoutValue: this.#formulasWithoutValue,
      fits: fits && this.#fits,
      padded: area <= paddedCellsMax || area <= 8 * this.#cells,
    };
  }

  #startAt(box: CellBox | undefined): void {
    if (box === undefined) return;
    this.#top = box.top;
    this.#nextRow = box.top;
    this.#left = box.left;
    this.#right = box.right;
  }

  #beginRecord(column: number): void {
    this.#rowHasCells = true;
    this.#lastRow = this.#row;
    if (this.#firstRow < 0) {
      this.#firstRow = this.#row;
      if (this.#top < 0) {
        this.#startAt({ top: this.#row, left: column, bottom: this.#row, right: -1 });
      }
    }
    // Cells come in order, so the first of a row decides about the left side.
    if (column < this.#firstColumn) this.#firstColumn = column;
    this.#nextColumn = this.#left;
    if (column < this.#left || this.#row < this.#nextRow) this.#fits = false;
    this.#emptyRecords(this.#row);
  }

  /** Empty records up to, not including, a row. */
  #emptyRecords(end: number): void {
    for (; this.#fits && this.#nextRow < end; this.#nextRow += 1) {
      if (this.#padded) this.#pad(this.#right - this.#left + 1);
      this.#csv.endRow();
    }
  }

  #pad(fields: number): void {
    if (fields <= 0) return;
    this.#padding += fields;
    // Without this a dimension of XFD1048576 would write 17 GB before it is found wrong.
    if (this.#known === undefined && this.#padding > plausibleCells + 8 * this.#cells) {
      this.#fits = false;
      return;
    }
    this.#csv.emptyFields(fields);
  }

  #usedRange(): CellBox | undefined {
    if (this.#known !== undefined) return this.#known.used;
    const claimed = this.#claimed;
    if (this.#cells === 0) return undefined;
    const found: CellBox = {
      top: this.#firstRow,
      left: this.#firstColumn,
      bottom: this.#lastRow,
      right: this.#lastColumn,
    };
    const plausible = Math.max(plausibleCells, 4 * this.#cells);
    if (claimed === undefined || areaOf(claimed) > plausible) return found;
    return {
      top: Math.min(found.top, claimed.top),
      left: Math.min(found.left, claimed.left),
      bottom: Math.max(found.bottom, claimed.bottom),
      right: Math.max(found.right, claimed.right),
    };
  }
}

function areaOf({ top, left, bottom, right }: CellBox): number {
  return (bottom - top + 1) * (right - left + 1);
}
