import { guardedStyle, generalStyle, headerStyle } from './styles.ts';
import { needsGuard } from './cell-values.ts';

/** Rows that are held back until the widths of their columns are known. */
const measuredRows = 100;
const measuredChars = 256 * 1024;
const flushChars = 64 * 1024;
const widthMin = 9;
const widthMax = 60;

const needsEscape = /[&<>\p{Cc}\ufffe\uffff]|_x[\da-f]{4}_/iu;
const toEscape = /[&<>\p{Cc}\ufffe\uffff]|_(?=x[\da-f]{4}_)/giu;
const keepsSpace = /^\s|\s$|\s\s|[\n\t]/u;
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const columnNames: string[] = [];

/** `A`, `B`, … `XFD` for a 0-based column. */
function columnName(column: number): string {
  let name = columnNames[column];
  if (name === undefined) {
    const above = Math.floor(column / 26) - 1;
    const last = String.fromCharCode(65 + (column % 26));
    name = above < 0 ? last : columnName(above) + last;
    columnNames[column] = name;
  }
  return name;
}

/** Writes the XML of one worksheet, row by row. */
export class SheetXml {
  readonly #write: (xml: string) => void;
  readonly #frozenHeader: boolean;
  readonly #isFirst: boolean;
  #xml = '';
  #headWritten = false;
  #rows = 0;
  #rowOpen = false;
  #rowNumber = '1';
  #column = 0;
  readonly #widths: number[] = [];

  constructor(
    write: (xml: string) => void,
    { frozenHeader, isFirst }: { frozenHeader: boolean; isFirst: boolean },
  ) {
    this.#write = write;
    this.#frozenHeader = frozenHeader;
    this.#isFirst = isFirst;
  }

  get rows(): number {
    return this.#rows;
  }

  header(text: string): void {
    this.#text(text, headerStyle);
  }

  text(text: string): void {
    this.#text(text, needsGuard(text) ? guardedStyle : generalStyle);
  }

  /** `value` is a number as XML Schema writes it. */
  number(value: string, style: number, shownChars: number): void {
    const reference = this.#begin(shownChars);
    const attribute = style === generalStyle ? '' : ` s="${style}"`;
    this.#xml += `<c r="${reference}"${attribute}><v>${value}</v></c>`;
    this.#column += 1;
  }

  boolean(value: boolean): void {
    const reference = this.#begin(5);
    this.#xml += `<c r="${reference}" t="b"><v>${value ? 1 : 0}</v></c>`;
    this.#column += 1;
  }

  empty(count: number): void {
    this.#column += count;
  }

  endRow(): void {
    // A row without values needs no element.
    if (this.#rowOpen) this.#xml += '</row>';
    this.#rowOpen = false;
    this.#column = 0;
    this.#rows += 1;
    this.#rowNumber = String(this.#rows + 1);
    if (!this.#headWritten) {
      if (this.#rows >= measuredRows || this.#xml.length >= measuredChars) this.#writeHead();
    } else if (this.#xml.length >= flushChars) this.#flush();
  }

  end(): void {
    if (!this.#headWritten) this.#writeHead();
    this.#xml += '</sheetData></worksheet>';
    this.#flush();
  }

  /** Opens what has to be open and gives the cell's reference. */
  #begin(shownChars: number): string {
    if (!this.#rowOpen) {
      this.#rowOpen = true;
      this.#xml += `<row r="${this.#rowNumber}">`;
    }
    if (!this.#headWritten && shownChars > (this.#widths[this.#column] ?? 0)) {
      this.#widths[this.#column] = shownChars;
    }
    return columnName(this.#column) + this.#rowNumber;
  }

  #text(text: string, style: number): void {
    if (text === '') {
      this.#column += 1;
      return;
    }
    const reference = this.#begin(text.length);
    const attribute = style === generalStyle ? '' : ` s="${style}"`;
    const space = keepsSpace.test(text) ? ' xml:space="preserve"' : '';
    const escaped = needsEscape.test(text) ? escapeText(text) : text;
    this.#xml += `<c r="${reference}"${attribute} t="inlineStr"><is><t${space}>${escaped}</t></is></c>`;
    this.#column += 1;
  }

  #writeHead(): void {
    this.#headWritten = true;
    const pane = this.#frozenHeader
      ? '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
      : '';
    const selected = this.#isFirst ? ' tabSelected="1"' : '';
    this.#write(
      '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' +
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' +
        `<sheetViews><sheetView${selected} workbookViewId="0">${pane}</sheetView></sheetViews>` +
        `${this.#columnsXml()}<sheetData>`,
    );
  }

  #columnsXml(): string {
    let xml = '';
    for (const [index, chars] of this.#widths.entries()) {
      if (chars === undefined || chars < widthMin) continue;
      const width = Math.min(chars + 2, widthMax);
      xml += `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`;
    }
    return xml === '' ? '' : `<cols>${xml}</cols>`;
  }

  #flush(): void {
    this.#write(this.#xml);
    this.#xml = '';
  }
}

/** What XML cannot hold is written as `_x0001_` (ECMA-376 part 1, 22.9.2.19). */
function escapeText(text: string): string {
  return text.replaceAll(toEscape, (mark) => {
    if (mark === '\n' || mark === '\t') return mark;
    const code = mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return named[mark] ?? `_x${code}_`;
  });
}
