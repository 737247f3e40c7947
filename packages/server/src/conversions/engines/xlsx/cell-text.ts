import { EngineError } from '../engine.ts';
import type { WideBytes } from '../wide-bytes.ts';
import { compileFormat } from './format/number-format.ts';
import type { NumberFormat } from './format/number-format.ts';
import { quickBytesMax } from './format/plain-fixed.ts';
import { isoDurationOf, isoOfSerial, serialOfIso } from './iso-date.ts';
import {
  isGeneralVerbatim,
  isRawVerbatim,
  isShortest,
  numberOf,
  roughNumberOf,
} from './number-text.ts';
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

/** Takes one cell after the other: a CSV, where all is text, or JSON, which has types. */
export interface CellOutput {
  /** Text that is UTF-8 already. */
  fieldBytes(bytes: Uint8Array, start: number, end: number): void;
  /** The same, with the text's `traitsOf`. */
  traitedBytes(text: WideBytes, start: number, end: number, traits: number): void;
  field(text: string): void;
  /** A text of digits, a point and a minus. */
  digitBytes(bytes: Uint8Array, start: number, end: number): void;
  /** A number, `true` or `false`, written as JSON writes it. */
  literalBytes(bytes: Uint8Array, start: number, end: number): void;
  literal(text: string): void;
  emptyFields(count: number): void;
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
  write(cell: SheetCell, output: CellOutput): void {
    const { value } = cell;
    if (!cell.hasValue) {
      output.emptyFields(1);
      return;
    }
    if (cell.kind === cellKind.shared) {
      const index = this.#stringIndex(cell);
      const { strings } = this.#source;
      const format = this.#textFormat(cell);
      const block = strings.block(index);
      const [start, end] = [strings.start(index), strings.end(index)];
      if (format !== undefined) output.field(format(block.bytes.toString('utf8', start, end)));
      else output.traitedBytes(block, start, end, strings.traits(index));
      return;
    }
    if (cell.kind === cellKind.number) {
      const { bytes, start, end } = value;
      const format = this.#format(cell.style);
      if (!this.#isVerbatim(cell, format)) this.#writeNumber(cell, format, output);
      else if (this.#raw) output.literalBytes(bytes, start, end);
      else output.digitBytes(bytes, start, end);
      return;
    }
    this.#writeOther(cell, output);
  }

  #isVerbatim({ value, rough, pointAt }: SheetCell, format: NumberFormat): boolean {
    if (this.#raw ? format.isDate : !format.isGeneral) return false;
    if (!Number.isNaN(rough)) return isShortest(value, pointAt, !this.#raw);
    const { bytes, start, end } = value;
    return this.#raw ? isRawVerbatim(bytes, start, end) : isGeneralVerbatim(bytes, start, end);
  }

  #writeNumber(cell: SheetCell, format: NumberFormat, output: CellOutput): void {
    const { value } = cell;
    if (!this.#raw) {
      const number = Number.isNaN(cell.rough)
        ? roughNumberOf(value.bytes, value.start, value.end)
        : cell.rough;
      const length = format.writeNumber(number, this.#scratch);
      if (length >= 0) return output.fieldBytes(this.#scratch, 0, length);
    }
    if (!value.plain) value.decode();
    const number = numberOf(value.bytes, value.start, value.end);
    if (!Number.isFinite(number)) return output.field(value.toString());
    if (!this.#raw) return output.field(format.formatNumber(number));
    const iso = this.#isoOf(number, format);
    if (iso === undefined) output.literal(String(number));
    else output.field(iso);
  }

  #isoOf(number: number, format: NumberFormat): string | undefined {
    if (format.isDuration) return isoDurationOf(number);
    return format.isDate ? isoOfSerial(number, this.#source.date1904) : undefined;
  }

  #writeBoolean({ value }: SheetCell, output: CellOutput): void {
    const first = value.bytes[value.start];
    const isTrue = first === digitOne || first === letterT;
    if (this.#raw) output.literal(isTrue ? 'true' : 'false');
    else output.field(isTrue ? 'TRUE' : 'FALSE');
  }

  #writeOther(cell: SheetCell, output: CellOutput): void {
    const { value, kind } = cell;
    if (kind === cellKind.boolean) return this.#writeBoolean(cell, output);
    if (kind === cellKind.date) return output.field(this.#date(cell, value.toString()));
    const format = kind === cellKind.text ? this.#textFormat(cell) : undefined;
    if (format !== undefined) return output.field(format(value.toString()));
    value.decode();
    output.fieldBytes(value.bytes, value.start, value.end);
  }

  /** A cell of type `d` shows its date in its style; in a style without one, as it is stored. */
  #date(cell: SheetCell, text: string): string {
    const format = this.#format(cell.style);
    if (this.#raw || !format.isDate) return text;
    const serial = serialOfIso(text, this.#source.date1904);
    return serial === undefined ? text : format.formatNumber(serial);
  }

  #stringIndex({ value, rough }: SheetCell): number {
    const index = Number.isNaN(rough) ? numberOf(value.bytes, value.start, value.end) : rough;
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
