import { EngineError } from '../engine.ts';
import type { Warning } from '../engine.ts';
import { RaggedRecords, nameColumns, type NamedColumns } from './column-names.ts';
import { jsonNumber, needsEscape, quoted } from './json-text.ts';
import type { Output } from './output.ts';

export interface JsonShape {
  /** The first record names the columns; without it every record becomes an array. */
  readonly header: boolean;
  readonly types: 'string' | 'infer';
  readonly indent: number;
  /** One record a line and nothing around them, instead of an array. */
  readonly lines: boolean;
}

const flushChars = 256 * 1024;

/**
 * Turns CSV records into the text of a JSON array, as `JSON.stringify(rows, null, indent)` would
 * write it, or into lines of JSON. No object is ever built, so `__proto__` is a name like any other and columns keep their
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
  readonly #separator: string;
  /** Everything that comes before a column's value, escaped. */
  #keys: string[] | null = null;
  #named: NamedColumns | null = null;
  readonly #ragged = new RaggedRecords();
  #text: string;
  #rows = 0;

  constructor(shape: JsonShape, output: Output) {
    this.#shape = shape;
    this.#output = output;
    const newline = (depth: number) =>
      shape.indent === 0 ? '' : `\n${' '.repeat(shape.indent * depth)}`;
    this.#newline = newline(1);
    this.#fieldNewline = newline(2);
    this.#itemNewline = newline(3);
    this.#colon = shape.indent === 0 ? ':' : ': ';
    this.#text = shape.lines ? '' : '[';
    this.#separator = shape.lines ? '\n' : ',';
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
    this.#output.write(this.#text + this.#close());
    this.#text = '';
  }

  #close(): string {
    if (this.#shape.lines) return this.#rows > 0 ? '\n' : '';
    return this.#rows > 0 && this.#shape.indent > 0 ? '\n]\n' : ']\n';
  }

  /** `emptyLines`: how many the reader skipped; they may be rows where there is one column. */
  warnings(emptyLines: number): Warning[] {
    const warnings: Warning[] = [];
    if (emptyLines > 0 && this.#keys?.length === 1) {
      const detail = `${emptyLines} empty lines are not rows; write "" for an empty value.`;
      warnings.push({ code: 'empty_lines_skipped', detail });
    }
    if (this.#named) {
      warnings.push(...this.#named.warnings, ...this.#ragged.warnings(this.#named.extraName));
    }
    return warnings;
  }

  #setHeader(fields: readonly string[]): void {
    this.#named = nameColumns(fields);
    this.#keys = this.#named.names.map((name, index) => {
      const comma = index === 0 ? '' : ',';
      return comma + this.#fieldNewline + quoted(name) + this.#colon;
    });
  }

  #object(keys: readonly string[], fields: readonly string[], line: number): string {
    const shared = Math.min(keys.length, fields.length);
    let text = this.#rows === 0 ? `${this.#newline}{` : `${this.#separator}${this.#newline}{`;
    const typed = this.#shape.types === 'infer';
    for (let index = 0; index < shared; index += 1) {
      const field = fields[index] as string;
      // Spelt out, because a call a field made the whole conversion a third slower.
      if (typed) text += (keys[index] as string) + inferred(field);
      else if (needsEscape.test(field)) text += (keys[index] as string) + JSON.stringify(field);
      else text += `${keys[index] as string}"${field}"`;
    }
    if (fields.length !== keys.length) {
      this.#ragged.note(fields.length < keys.length, line);
      if (fields.length > shared) text += this.#extra(fields, shared);
    }
    return `${text}${this.#newline}}`;
  }

  #extra(fields: readonly string[], from: number): string {
    const values = fields.slice(from).map((field) => this.#itemNewline + this.#value(field));
    const key = quoted(this.#named?.extraName ?? '') + this.#colon;
    return `,${this.#fieldNewline}${key}[${values.join(',')}${this.#fieldNewline}]`;
  }

  #array(fields: readonly string[]): string {
    const values = fields.map((field) => this.#fieldNewline + this.#value(field));
    const separator = this.#rows === 0 ? '' : this.#separator;
    return `${separator}${this.#newline}[${values.join(',')}${this.#newline}]`;
  }

  #value(field: string): string {
    return this.#shape.types === 'string' ? quoted(field) : inferred(field);
  }
}

/** Typed only where writing the value back gives the same field: `007` and `1.50` stay strings. */
function inferred(field: string): string {
  if (field === '') return 'null';
  if (field === 'true' || field === 'false') return field;
  const exact = jsonNumber.test(field) && String(Number(field)) === field;
  return exact ? field : quoted(field);
}
