import { EngineError } from '../engine.ts';
import type { Warning } from '../engine.ts';
import { headerCharsMax } from './bounds.ts';
import { needsEscape, quoted } from './json-text.ts';
import type { Output } from './output.ts';
import { UniqueNames } from './unique-names.ts';

export interface JsonShape {
  /** The first record names the columns; without it every record becomes an array. */
  readonly header: boolean;
  readonly types: 'string' | 'infer';
  readonly indent: number;
}

const flushChars = 256 * 1024;

/** Exactly JSON's number grammar (RFC 8259, 6). */
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;

/**
 * Turns CSV records into the text of a JSON array, as `JSON.stringify(rows, null, indent)` would
 * write it. No object is ever built, so `__proto__` is a name like any other and columns keep their
 * order.
 *
 * A record with fewer fields than the header leaves out the missing keys; extra fields go into an
 * array under `_extra`. Both are told as one warning.
 */
export class JsonRows {
  readonly #shape: JsonShape;
  readonly #output: Output;
  readonly #newline: string;
  readonly #fieldNewline: string;
  readonly #itemNewline: string;
  readonly #colon: string;
  /** Everything that comes before a column's value, escaped. */
  #keys: string[] | null = null;
  #extraKey = '';
  #text = '[';
  #rows = 0;
  #shortRows = 0;
  #longRows = 0;
  #firstRaggedLine = 0;
  #duplicates: string[] = [];
  #unnamed = 0;

  constructor(shape: JsonShape, output: Output) {
    this.#shape = shape;
    this.#output = output;
    const newline = (depth: number) =>
      shape.indent === 0 ? '' : `\n${' '.repeat(shape.indent * depth)}`;
    this.#newline = newline(1);
    this.#fieldNewline = newline(2);
    this.#itemNewline = newline(3);
    this.#colon = shape.indent === 0 ? ':' : ': ';
  }

  /** Adds a record. @throws EngineError `document_too_complex` for a huge header */
  add(fields: readonly string[], line: number): void {
    if (this.#shape.header && this.#keys === null) return this.#setHeader(fields);
    this.#text +=
      this.#keys === null ? this.#array(fields) : this.#object(this.#keys, fields, line);
    this.#rows += 1;
    if (this.#text.length < flushChars) return;
    this.#output.write(this.#text);
    this.#text = '';
  }

  /** Closes the array. @throws EngineError `document_invalid` where there was no record at all */
  end(): void {
    if (this.#keys === null && this.#rows === 0) {
      throw new EngineError('document_invalid', 'The file has no records.');
    }
    const close = this.#rows > 0 && this.#shape.indent > 0 ? '\n]\n' : ']\n';
    this.#output.write(this.#text + close);
    this.#text = '';
  }

  /** `emptyLines`: how many the reader skipped; they may be rows where there is one column. */
  warnings(emptyLines: number): Warning[] {
    const warnings: Warning[] = [];
    if (emptyLines > 0 && this.#keys?.length === 1) {
      const detail = `${emptyLines} empty lines are not rows; write "" for an empty value.`;
      warnings.push({ code: 'empty_lines_skipped', detail });
    }
    if (this.#duplicates.length > 0) {
      const renamed = this.#duplicates.slice(0, 10).join(', ');
      const detail = `${this.#duplicates.length} column names occur twice; now: ${renamed}.`;
      warnings.push({ code: 'duplicate_columns', detail });
    }
    if (this.#unnamed > 0) {
      const detail = `${this.#unnamed} columns have no name; they are called column_<position>.`;
      warnings.push({ code: 'unnamed_columns', detail });
    }
    if (this.#shortRows + this.#longRows > 0) {
      const detail =
        `${this.#shortRows} records have fewer fields than the header and ${this.#longRows} more ` +
        `(kept under ${this.#extraKey}); the first is at line ${this.#firstRaggedLine}.`;
      warnings.push({ code: 'ragged_rows', detail });
    }
    return warnings;
  }

  #setHeader(fields: readonly string[]): void {
    let chars = 0;
    for (const field of fields) chars += field.length;
    if (chars > headerCharsMax) {
      throw new EngineError(
        'document_too_complex',
        `The column names are longer than ${headerCharsMax} characters together.`,
      );
    }
    const unique = new UniqueNames(fields);
    const names = fields.map((field, index) => {
      if (field === '') this.#unnamed += 1;
      const name = unique.claim(field === '' ? `column_${index + 1}` : field, field !== '');
      if (field !== '' && name !== field) this.#duplicates.push(name);
      return name;
    });
    this.#extraKey = unique.claim('_extra', false);
    this.#keys = names.map((name, index) => {
      const comma = index === 0 ? '' : ',';
      return comma + this.#fieldNewline + quoted(name) + this.#colon;
    });
  }

  #object(keys: readonly string[], fields: readonly string[], line: number): string {
    const shared = Math.min(keys.length, fields.length);
    let text = this.#rows === 0 ? `${this.#newline}{` : `,${this.#newline}{`;
    const typed = this.#shape.types === 'infer';
    for (let index = 0; index < shared; index += 1) {
      const field = fields[index] as string;
      // Spelt out, because a call a field made the whole conversion a third slower.
      if (typed) text += (keys[index] as string) + inferred(field);
      else if (needsEscape.test(field)) text += (keys[index] as string) + JSON.stringify(field);
      else text += `${keys[index] as string}"${field}"`;
    }
    if (fields.length !== keys.length) {
      this.#noteRagged(fields.length < keys.length, line);
      if (fields.length > shared) text += this.#extra(fields, shared);
    }
    return `${text}${this.#newline}}`;
  }

  #extra(fields: readonly string[], from: number): string {
    const values = fields.slice(from).map((field) => this.#itemNewline + this.#value(field));
    const key = quoted(this.#extraKey) + this.#colon;
    return `,${this.#fieldNewline}${key}[${values.join(',')}${this.#fieldNewline}]`;
  }

  #array(fields: readonly string[]): string {
    const values = fields.map((field) => this.#fieldNewline + this.#value(field));
    const comma = this.#rows === 0 ? '' : ',';
    return `${comma}${this.#newline}[${values.join(',')}${this.#newline}]`;
  }

  #value(field: string): string {
    return this.#shape.types === 'string' ? quoted(field) : inferred(field);
  }

  #noteRagged(short: boolean, line: number): void {
    if (this.#shortRows + this.#longRows === 0) this.#firstRaggedLine = line;
    if (short) this.#shortRows += 1;
    else this.#longRows += 1;
  }
}

/** Typed only where writing the value back gives the same field: `007` and `1.50` stay strings. */
function inferred(field: string): string {
  if (field === '') return 'null';
  if (field === 'true' || field === 'false') return field;
  const exact = numberPattern.test(field) && String(Number(field)) === field;
  return exact ? field : quoted(field);
}
