import type { CsvWriter } from '../csv-writer.ts';
import { EngineError } from '../engine.ts';
import { compileFormat } from './format/number-format.ts';
import type { NumberFormat } from './format/number-format.ts';
import { quickBytesMax } from './format/plain-fixed.ts';
import { isoDurationOf, isoOfSerial, serialOfIso } from './iso-date.ts';
import { isGeneralVerbatim, isRawVerbatim, numberOf, roughNumberOf } from './number-text.ts';
import type { SharedStrings } from './shared-strings.ts';
import { cellKind } from './sheet-cell.ts';
import type { SheetCell } from './sheet-cell.ts';

export interface CellSource {
  readonly strings: SharedStrings;
  /** Format code of each cell style. */
  readonly styleFormats: readonly string[];
  readonly date1904: boolean;
  /** `formatted` is what Excel shows; `raw` is what it stores, with dates in ISO 8601. */
  readonly values: 'formatted' | 'raw';
}

const digitOne = 0x31;
const letterT = 0x74;

/** Turns cells into text. */
export class CellText {
  readonly #source: CellSource;
  readonly #raw: boolean;
  readonly #byStyle: (NumberFormat | undefined)[] = [];
  readonly #scratch = Buffer.alloc(quickBytesMax);
  readonly #byCode = new Map<string, NumberFormat>();

  constructor(source: CellSource) {
    this.#source = source;
    this.#raw = source.values === 'raw';
  }

  /** Appends the cell as one field, as bytes where nothing has to change. */
  write(cell: SheetCell, csv: CsvWriter): void {
    const { value } = cell;
    if (!cell.hasValue) {
      csv.emptyFields(1);
      return;
    }
    if (cell.kind === cellKind.shared) {
      const index = this.#stringIndex(cell);
      const { strings } = this.#source;
      const format = this.#textFormat(cell);
      const bytes = strings.bytes(index);
      if (format === undefined) csv.fieldBytes(bytes, strings.start(index), strings.end(index));
      else csv.field(format(bytes.toString('utf8', strings.start(index), strings.end(index))));
      return;
    }
    if (cell.kind === cellKind.number) {
      const { bytes, start, end } = value;
      const verbatim = this.#raw
        ? isRawVerbatim(bytes, start, end) && !this.#format(cell.style).isDate
        : this.#format(cell.style).isGeneral && isGeneralVerbatim(bytes, start, end);
      if (verbatim) csv.fieldBytes(bytes, start, end);
      else this.#writeNumber(cell, csv);
      return;
    }
    csv.field(this.#other(cell));
  }

  #writeNumber(cell: SheetCell, csv: CsvWriter): void {
    if (!this.#raw) {
      const { bytes, start, end } = cell.value;
      const number = roughNumberOf(bytes, start, end);
      const length = this.#format(cell.style).writeNumber(number, this.#scratch);
      if (length >= 0) {
        csv.fieldBytes(this.#scratch, 0, length);
        return;
      }
    }
    csv.field(this.#number(cell));
  }

  #other(cell: SheetCell): string {
    const { value } = cell;
    if (cell.kind === cellKind.boolean) {
      const first = value.bytes[value.start];
      const isTrue = first === digitOne || first === letterT;
      if (this.#raw) return isTrue ? 'true' : 'false';
      return isTrue ? 'TRUE' : 'FALSE';
    }
    const text = value.toString();
    if (cell.kind === cellKind.date) return this.#date(cell, text);
    if (cell.kind === cellKind.text) return this.#textFormat(cell)?.(text) ?? text;
    return text;
  }

  #number(cell: SheetCell): string {
    const { value } = cell;
    if (!value.plain) value.decode();
    const number = numberOf(value.bytes, value.start, value.end);
    if (!Number.isFinite(number)) return value.toString();
    const format = this.#format(cell.style);
    if (!this.#raw) return format.formatNumber(number);
    if (format.isDuration) return isoDurationOf(number);
    if (!format.isDate) return String(number);
    return isoOfSerial(number, this.#source.date1904) ?? String(number);
  }

  /** A cell of type `d` shows its date in its style; in a style without one, as it is stored. */
  #date(cell: SheetCell, text: string): string {
    const format = this.#format(cell.style);
    if (this.#raw || !format.isDate) return text;
    const serial = serialOfIso(text, this.#source.date1904);
    return serial === undefined ? text : format.formatNumber(serial);
  }

  #stringIndex({ value }: SheetCell): number {
    const index = numberOf(value.bytes, value.start, value.end);
    if (Number.isInteger(index) && index >= 0 && index < this.#source.strings.count) return index;
    throw new EngineError('document_invalid', 'A cell names a text that the workbook lacks.');
  }

  #textFormat(cell: SheetCell): NumberFormat['formatText'] {
    return this.#raw ? undefined : this.#format(cell.style).formatText;
  }

  #format(style: number): NumberFormat {
    return this.#byStyle[style] ?? this.#compile(style);
  }

  #compile(style: number): NumberFormat {
    const { styleFormats, date1904 } = this.#source;
    const code = styleFormats[style] ?? 'General';
    let format = this.#byCode.get(code);
    if (format === undefined) {
      format = compileFormat(code, date1904);
      this.#byCode.set(code, format);
    }
    // A style number that the file invents must not grow the table.
    if (style < styleFormats.length || style === 0) this.#byStyle[style] = format;
    return format;
  }
}
