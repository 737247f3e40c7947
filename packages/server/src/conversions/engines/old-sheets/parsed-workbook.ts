import type { CellObject, WorkBook, WorkSheet } from '@e965/xlsx';

import { SharedStrings } from '../xlsx/shared-strings.ts';
import { SheetCell, cellKind } from '../xlsx/sheet-cell.ts';
import type { SheetReader } from '../xlsx/sheet-scanner.ts';
import type { OpenWorkbook } from '../xlsx/open-workbook.ts';
import type { SheetEntry } from '../xlsx/workbook.ts';

/** MS-XLS 2.5.10. */
const errorTexts: Readonly<Record<number, string>> = {
  0: '#NULL!',
  7: '#DIV/0!',
  15: '#VALUE!',
  23: '#REF!',
  29: '#NAME?',
  36: '#NUM!',
  42: '#N/A',
  43: '#GETTING_DATA',
};
const visibilities = ['visible', 'hidden', 'very_hidden'] as const;
const rowsBetweenLooks = 1000;

/** What SheetJS has parsed, as cells for our own writers. */
export function openParsed(book: WorkBook, values: 'formatted' | 'raw'): OpenWorkbook {
  const formats = new CellFormats();
  return {
    sheets: book.SheetNames.map((name, index) => entryOf(book, name, index)),
    cells: {
      strings: new SharedStrings(),
      styleFormats: formats.codes,
      date1904: book.Workbook?.WBProps?.date1904 === true,
      values,
    },
    read: async ({ name }, reader, progress) => {
      const rows = rowsOf(book.Sheets[name]);
      readRows(rows, formats, reader, (row) => progress(row / rows.length));
    },
  };
}

function entryOf(book: WorkBook, name: string, index: number): SheetEntry {
  const sheet = book.Sheets[name];
  const hasCells = sheet !== undefined && (sheet['!type'] ?? 'sheet') === 'sheet';
  return {
    name,
    visibility: visibilities[book.Workbook?.Sheets?.[index]?.Hidden ?? 0],
    part: hasCells ? name : undefined,
  };
}

type Rows = readonly (readonly (CellObject | undefined)[] | undefined)[];

/** The cells of a dense sheet, row by row. */
function rowsOf(sheet: WorkSheet | undefined): Rows {
  return (sheet?.['!data'] as Rows | undefined) ?? [];
}

/** Number format codes by the style number that we give them. */
class CellFormats {
  readonly codes: string[] = ['General'];
  readonly #styles = new Map<string, number>([['General', 0]]);

  styleOf({ z }: CellObject): number {
    if (typeof z !== 'string') return 0;
    let style = this.#styles.get(z);
    if (style === undefined) {
      style = this.codes.push(z) - 1;
      this.#styles.set(z, style);
    }
    return style;
  }
}

function readRows(
  rows: Rows,
  formats: CellFormats,
  reader: SheetReader,
  progress: (row: number) => void,
): void {
  const cell = new SheetCell();
  for (let row = 0; row < rows.length; row += 1) {
    const cells = rows[row];
    if (cells === undefined) continue;
    reader.startRow(row);
    for (let column = 0; column < cells.length; column += 1) {
      const source = cells[column];
      if (source === undefined) continue;
      cell.column = column;
      cell.style = formats.styleOf(source);
      fill(cell, source);
      reader.cell(cell);
    }
    reader.endRow();
    if (row % rowsBetweenLooks === 0) progress(row);
  }
}

function fill(cell: SheetCell, { t, v }: CellObject): void {
  cell.hasFormula = false;
  cell.hasValue = t !== 'z' && v !== undefined && v !== null;
  if (!cell.hasValue) return cell.value.clear();
  cell.kind = kindOf(t);
  const text = Buffer.from(t === 'e' ? (errorTexts[Number(v)] ?? '#ERROR!') : textOf(v));
  cell.value.set(text, 0, text.length);
}

function kindOf(type: CellObject['t']): SheetCell['kind'] {
  if (type === 'n') return cellKind.number;
  if (type === 'b') return cellKind.boolean;
  return type === 'e' ? cellKind.error : cellKind.text;
}

function textOf(value: CellObject['v']): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}
