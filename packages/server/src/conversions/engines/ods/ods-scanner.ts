import { cellKind } from '../xlsx/sheet-cell.ts';
import type { XmlAttributes, XmlHandler } from '../xlsx/xml-tokenizer.ts';
import { kindOfValueType, repeatOf } from './ods-table.ts';
import type { OdsTable } from './ods-table.ts';
import { CellParagraphs } from './paragraphs.ts';

/** What a cell's start tag says. */
interface OpenCell {
  readonly type: string | undefined;
  readonly stored: string | undefined;
  readonly repeat: number;
}

const storedIn: Readonly<Record<string, string>> = {
  float: 'value',
  percentage: 'value',
  currency: 'value',
  date: 'date-value',
  time: 'time-value',
  boolean: 'boolean-value',
  string: 'string-value',
};

/** Turns the tokens of `content.xml` into the rows and cells of one table (ODF 1.3, 9). */
export class OdsScanner implements XmlHandler {
  readonly #table: OdsTable;
  readonly #wanted: number;
  readonly #raw: boolean;
  readonly #paragraphs = new CellParagraphs();
  #tables = -1;
  /** A table may lie in a cell: only the outermost ones are sheets. */
  #tableDepth = 0;
  #cell: OpenCell | undefined;
  #inRow = false;

  /** @param wanted the table's index, from 0 */
  constructor(table: OdsTable, wanted: number, values: 'formatted' | 'raw') {
    this.#table = table;
    this.#wanted = wanted;
    this.#raw = values === 'raw';
  }

  open(bytes: Buffer, start: number, end: number, attributes: XmlAttributes): void {
    const name = bytes.toString('latin1', start, end);
    if (this.#cell !== undefined) {
      const attribute = name === 's' ? attributes.get(bytes, 'c') : undefined;
      return this.#paragraphs.open(name, attribute);
    }
    if (name === 'table') {
      this.#tableDepth += 1;
      if (this.#tableDepth === 1) this.#tables += 1;
      return;
    }
    if (this.#tableDepth !== 1 || this.#tables !== this.#wanted) return;
    if (name === 'table-row') {
      this.#inRow = true;
      this.#table.startRow(repeatOf(attributes.get(bytes, 'number-rows-repeated')));
    } else if (this.#inRow && isCell(name)) {
      const type = attributes.get(bytes, 'value-type');
      const stored = attributes.get(bytes, storedIn[type ?? ''] ?? 'value');
      const repeat = repeatOf(attributes.get(bytes, 'number-columns-repeated'));
      this.#cell = { type, stored, repeat };
      this.#paragraphs.clear();
    }
  }

  close(bytes: Buffer, start: number, end: number): void {
    if (this.#cell !== undefined) {
      if (this.#paragraphs.close()) return;
      this.#closeCell(this.#cell);
      this.#cell = undefined;
      return;
    }
    const name = bytes.toString('latin1', start, end);
    if (name === 'table') this.#tableDepth -= 1;
    else if (name === 'table-row' && this.#inRow) {
      this.#inRow = false;
      this.#table.endRow();
    }
  }

  text(bytes: Buffer, start: number, end: number, plain: boolean): void {
    if (this.#cell !== undefined) this.#paragraphs.text(bytes, start, end, plain);
  }

  #closeCell({ type, stored, repeat }: OpenCell): void {
    const shown = this.#paragraphs.value;
    if (type === undefined && shown === undefined) return this.#table.empty(repeat);
    const isText = type === undefined || type === 'string';
    if (this.#raw && !isText && stored !== undefined) {
      return this.#table.cell(kindOfValueType(type), stored, repeat);
    }
    // A boolean that is only stored is shown in capitals, as every program does.
    const fallback = type === 'boolean' ? stored?.toUpperCase() : stored;
    this.#table.cell(cellKind.text, shown ?? fallback ?? '', repeat);
  }
}

function isCell(name: string): boolean {
  return name === 'table-cell' || name === 'covered-table-cell';
}
