import { EngineError } from '../engine.ts';
import type { Warning } from '../engine.ts';
import type { RecordWriter } from '../text/record-writer.ts';
import { dateCellOf, digitsMax, doubleStyle, plainNumberStyle } from './cell-values.ts';
import { SheetXml } from './sheet-xml.ts';
import { generalStyle } from './styles.ts';
import type { WorkbookFile } from './workbook-file.ts';

const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** Excel's bounds. */
const rowsMax = 1_048_576;
const textCharsMax = 32_767;
const sheetNameCharsMax = 31;

export interface SheetLayout {
  readonly sheet_name: string;
  /** The first record is bold, stays in view, and is repeated on further sheets. */
  readonly header: boolean;
  /** `infer` finds numbers, dates, TRUE and FALSE in texts; literals have types of their own. */
  readonly inferTexts: boolean;
  readonly typedLiterals: boolean;
  readonly long_texts: 'refuse' | 'cut';
}

/** Writes records as the rows of a workbook: on further sheets where one is full. */
export class SheetRecords implements RecordWriter {
  readonly unencodable = 0;
  readonly #file: WorkbookFile;
  readonly #layout: SheetLayout;
  readonly #rowsMax: number;
  #sheet: SheetXml | null = null;
  /** To be repeated. */
  #names: readonly string[] | null = null;
  #record = 1;
  #textsCut = 0;
  #numbersAsText = 0;

  constructor(file: WorkbookFile, layout: SheetLayout, rowsMaxOfSheet = rowsMax) {
    this.#file = file;
    this.#layout = layout;
    this.#rowsMax = rowsMaxOfSheet;
  }

  header(names: readonly string[]): void {
    if (!this.#layout.header) return;
    this.#names = names.map((name) => this.#fitting(name));
    this.#beginSheet();
  }

  /** A record as it comes from a CSV. */
  record(fields: readonly string[]): void {
    for (const field of fields) this.field(field);
    this.endRow();
  }

  field(text: string): void {
    const sheet = this.#openSheet();
    if (this.#layout.inferTexts && this.#writeInferred(sheet, text)) return;
    sheet.text(this.#fitting(text));
  }

  literal(text: string): void {
    const sheet = this.#openSheet();
    if (!this.#layout.typedLiterals) return sheet.text(this.#fitting(text));
    if (text === 'true' || text === 'false') return sheet.boolean(text === 'true');
    if (this.#writeNumber(sheet, text)) return;
    const number = Number(text);
    // A double holds 16 digits of a whole number, and Excel shows and keeps 15: the rest would be zeros.
    const isWhole = Number.isSafeInteger(number) && wholeDigits(text) <= digitsMax;
    const keepsDigits = doubleStyle(text) >= 0 || /e/iu.test(text) || isWhole;
    if (Number.isFinite(number) && keepsDigits && significantDigits(text) <= 17) {
      return sheet.number(String(number), generalStyle, text.length);
    }
    this.#numbersAsText += 1;
    sheet.text(this.#fitting(text));
  }

  emptyFields(count: number): void {
    this.#openSheet().empty(count);
  }

  endRow(): void {
    this.#openSheet().endRow();
    this.#record += 1;
  }

  flush(): void {}

  /** Ends the last sheet; a workbook has one at least. */
  end(): Warning[] {
    this.#openSheet().end();
    const warnings: Warning[] = [];
    const warn = (code: string, detail: string) => warnings.push({ code, detail });
    if (this.#file.sheetCount > 1) {
      const detail =
        `A sheet holds ${this.#rowsMax} rows, so the records are spread over ` +
        `${this.#file.sheetCount} sheets.`;
      warn('rows_on_further_sheets', detail);
    }
    if (this.#textsCut > 0) {
      const detail = `${this.#textsCut} texts are cut after ${textCharsMax} characters.`;
      warn('texts_cut', detail);
    }
    if (this.#numbersAsText > 0) {
      const detail = `${this.#numbersAsText} numbers have more digits than Excel keeps; they are texts.`;
      warn('numbers_as_text', detail);
    }
    return warnings;
  }

  #writeInferred(sheet: SheetXml, text: string): boolean {
    const code = text.charCodeAt(0);
    if (code === minus || (code >= zero && code <= nine)) {
      if (this.#writeNumber(sheet, text)) return true;
      const date = dateCellOf(text);
      const style = date?.style ?? doubleStyle(text);
      if (style < 0) return false;
      sheet.number(date === undefined ? text : String(date.serial), style, text.length);
      return true;
    }
    if (text !== 'TRUE' && text !== 'FALSE') return false;
    sheet.boolean(text === 'TRUE');
    return true;
  }

  #writeNumber(sheet: SheetXml, text: string): boolean {
    const style = plainNumberStyle(text);
    if (style < 0) return false;
    sheet.number(text, style, text.length);
    return true;
  }

  /** The sheet with room for the next row. */
  #openSheet(): SheetXml {
    const sheet = this.#sheet;
    return sheet !== null && sheet.rows < this.#rowsMax ? sheet : this.#beginSheet();
  }

  #beginSheet(): SheetXml {
    this.#sheet?.end();
    const count = this.#file.sheetCount;
    this.#file.beginSheet(sheetNameOf(this.#layout.sheet_name, count + 1));
    const write = (xml: string) => this.#file.write(xml);
    const frozenHeader = this.#names !== null;
    const sheet = new SheetXml(write, { frozenHeader, isFirst: count === 0 });
    this.#sheet = sheet;
    if (this.#names !== null) {
      for (const name of this.#names) sheet.header(name);
      sheet.endRow();
    }
    return sheet;
  }

  #fitting(text: string): string {
    if (text.length <= textCharsMax) return text;
    if (this.#layout.long_texts === 'cut') {
      this.#textsCut += 1;
      return text.slice(0, textCharsMax);
    }
    throw new EngineError(
      'document_too_complex',
      `Record ${this.#record} has a text of ${text.length} characters and a cell holds ` +
        `${textCharsMax}; set the option "long_texts" to "cut", or shorten it.`,
    );
  }
}

/** Without the zeros at its end, before or behind a point. */
function wholeDigits(text: string): number {
  const [whole = ''] = text.split('.');
  return whole.replace('-', '').replace(/0+$/u, '').length;
}

function significantDigits(text: string): number {
  return text.replace(/e.*$/iu, '').replaceAll(/\D/gu, '').replace(/^0+/u, '').length;
}

function sheetNameOf(name: string, number: number): string {
  if (number === 1) return name;
  const ending = ` (${number})`;
  return name.slice(0, sheetNameCharsMax - ending.length) + ending;
}
