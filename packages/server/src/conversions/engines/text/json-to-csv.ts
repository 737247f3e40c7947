import { EngineError } from '../engine.ts';
import type { Warning } from '../engine.ts';
import { columnsMax } from './bounds.ts';
import { JsonColumns } from './json-columns.ts';
import type { ColumnNode } from './json-columns.ts';
import { JsonElements } from './json-elements.ts';
import { closeOf } from './json-scanner.ts';
import type { JsonScanner } from './json-scanner.ts';
import type { RecordWriter } from './record-writer.ts';

export interface RowShape {
  readonly nested: 'flatten' | 'refuse' | 'json';
  readonly columns?: readonly string[] | undefined;
}

/** What every element is: an object becomes a row by its keys, an array a row without header. */
type Kind = 'object' | 'array' | 'scalar';

interface Field {
  /** Null where the value is. */
  readonly text: string | null;
  readonly literal: boolean;
}

const quote = 0x22;
const letterN = 0x6e;
const openObject = 0x7b;

/** Elements that are neither object nor array go under this name. */
const scalarColumn = 'value';

/**
 * Reads JSON elements as CSV rows: `collect` finds the columns, `write` writes the rows; the same
 * text must be given to both. With listed columns only `write` is needed.
 */
export class JsonToCsv {
  readonly #shape: RowShape;
  readonly #columns: JsonColumns;
  #kind: Kind | null = null;
  /** By column; good where `stamps` has the number of this reading. */
  readonly #cells: string[] = [];
  readonly #stamps: number[] = [];
  /** By column: the cell is a number, true or false. */
  readonly #literals: boolean[] = [];
  #collecting = false;
  #readings = 0;
  #repeated = false;
  #repeatedRows = 0;

  constructor(shape: RowShape) {
    this.#shape = shape;
    this.#columns = new JsonColumns(shape.columns ?? null);
  }

  /** A reader that finds out what columns there are. */
  collect(): JsonElements {
    this.#collecting = true;
    return new JsonElements((scanner, code) => this.#readRow(scanner, code));
  }

  /** A reader that writes the rows, the header first. Call `finish` after its end. */
  write(writer: RecordWriter): JsonElements {
    const onlyNulls = this.#kind === null && this.#readings > 0;
    if (onlyNulls) this.#set(this.#nodeOf(this.#columns.root, scalarColumn), '');
    this.#repeatedRows = 0;
    this.#collecting = false;
    let started = false;
    return new JsonElements((scanner, code) => {
      const fields = this.#readRow(scanner, code);
      if (!started) this.#writeHeader(writer);
      started = true;
      if (fields === null) return this.#writeCells(writer);
      for (const { text, literal } of fields) {
        if (text === null) writer.emptyFields(1);
        else if (literal) writer.literal(text);
        else writer.field(text);
      }
      writer.endRow();
    });
  }

  /** Writes what is left and tells what could not be kept. */
  finish(writer: RecordWriter, elements: JsonElements): Warning[] {
    if (elements.count === 0) this.#writeHeader(writer);
    writer.flush();
    const warnings: Warning[] = [];
    const warn = (code: string, detail: string) => warnings.push({ code, detail });
    const missing = this.#columns.names.filter((_, index) => this.#stamps[index] === undefined);
    if (missing.length > 0) {
      warn('columns_missing', `No element has ${missing.slice(0, 10).join(', ')}.`);
    }
    if (this.#columns.names.length === 0 && this.#kind !== 'array') {
      warn('no_columns', 'The elements have no keys, so the CSV is empty.');
    }
    if (this.#repeatedRows > 0) {
      const detail = `${this.#repeatedRows} elements have two values for a column; the last is kept.`;
      warn('repeated_keys', detail);
    }
    if (elements.loneSurrogates > 0) {
      const detail = `${elements.loneSurrogates} strings hold half a character, written as U+FFFD.`;
      warn('lone_surrogates', detail);
    }
    if (writer.unencodable > 0) {
      const detail = `${writer.unencodable} characters do not exist in the encoding; written as ?.`;
      warn('unencodable_characters', detail);
    }
    return warnings;
  }

  /** The fields of an array; null where the cells by column are meant. */
  #readRow(scanner: JsonScanner, code: number): Field[] | null {
    this.#readings += 1;
    this.#repeated = false;
    let fields: Field[] | null = this.#kind === 'array' ? [] : null;
    if (code === letterN) {
      scanner.scalar(code);
    } else {
      this.#checkKind(scanner, code);
      if (this.#kind === 'array') fields = this.#readFields(scanner, code);
      else if (this.#kind === 'object') this.#readMembers(scanner, this.#columns.root, code, 1);
      else this.#readValue(scanner, this.#nodeOf(this.#columns.root, scalarColumn), code, 1);
    }
    if (this.#repeated) this.#repeatedRows += 1;
    return fields;
  }

  #checkKind(scanner: JsonScanner, code: number): void {
    const container: Kind = code === openObject ? 'object' : 'array';
    const kind = scanner.isContainer(code) ? container : 'scalar';
    this.#kind ??= kind;
    if (kind === 'array' && this.#shape.columns !== undefined) {
      throw new EngineError(
        'invalid_request',
        'The elements are arrays, which have no column names: leave out the option "columns".',
      );
    }
    if (kind === this.#kind) return;
    throw new EngineError(
      'document_invalid',
      `Element ${scanner.elements + 1} is of another kind (${kind}) than the first ` +
        `(${this.#kind}), so they have no columns in common.`,
    );
  }

  #readFields(scanner: JsonScanner, code: number): Field[] {
    const fields: Field[] = [];
    const close = closeOf(code);
    if (!scanner.enter(close)) return fields;
    do {
      if (fields.length >= columnsMax) {
        throw new EngineError(
          'document_too_complex',
          `Element ${scanner.elements + 1} has more than ${columnsMax} fields.`,
        );
      }
      const first = scanner.peek();
      if (!scanner.isContainer(first)) {
        fields.push({ text: readText(scanner, first), literal: isLiteral(first) });
      } else if (this.#shape.nested === 'refuse') {
        throw nestedError(scanner, String(fields.length));
      } else {
        fields.push({ text: scanner.raw(first, 1), literal: false });
      }
    } while (scanner.more(close));
    return fields;
  }

  /** The values of an object or an array, each into its column; false where it is empty. */
  #readMembers(scanner: JsonScanner, parent: ColumnNode, code: number, depth: number): boolean {
    const close = closeOf(code);
    scanner.checkDepth(depth);
    if (!scanner.enter(close)) return false;
    let previous: ColumnNode | null = null;
    let index = 0;
    do {
      const expected: ColumnNode | null = previous === null ? parent.first : previous.next;
      let node: ColumnNode | null = expected;
      if (code !== openObject) {
        node = this.#nodeOf(parent, String(index));
      } else if (!expected?.quotedKey || !scanner.takeKey(expected.quotedKey)) {
        node = this.#nodeOf(parent, scanner.key());
        if (previous === null) parent.first = node;
        else previous.next = node;
      }
      this.#readValue(scanner, node, scanner.peek(), depth + 1);
      previous = node;
      index += 1;
    } while (scanner.more(close));
    return true;
  }

  #readValue(scanner: JsonScanner, node: ColumnNode | null, code: number, depth: number): void {
    if (node === null) return scanner.skip(code, depth);
    if (!scanner.isContainer(code)) {
      if (!this.#collecting) return this.#set(node, readText(scanner, code), isLiteral(code));
      this.#columns.columnOf(node);
      return scanner.skip(code, depth);
    }
    const listedItself = this.#shape.columns !== undefined && node.column !== -1;
    if (this.#shape.nested === 'refuse') throw nestedError(scanner, node.path);
    if (this.#shape.nested === 'json' || listedItself) {
      return this.#set(node, scanner.raw(code, depth));
    }
    const filled = this.#readMembers(scanner, node, code, depth);
    // Nothing else would tell of it.
    if (!filled) this.#set(node, code === openObject ? '{}' : '[]');
  }

  #nodeOf(parent: ColumnNode, key: string): ColumnNode | null {
    return this.#columns.child(parent, key);
  }

  #set(node: ColumnNode | null, text: string | null, literal = false): void {
    const column = node === null ? -1 : this.#columns.columnOf(node);
    if (column === -1) return;
    if (this.#stamps[column] === this.#readings) this.#repeated = true;
    // A null is as good as nothing there.
    this.#stamps[column] = text === null ? 0 : this.#readings;
    this.#cells[column] = text ?? '';
    this.#literals[column] = literal;
  }

  #writeHeader(writer: RecordWriter): void {
    if (this.#kind === 'array' || this.#columns.names.length === 0) return;
    writer.header(this.#columns.names);
  }

  #writeCells(writer: RecordWriter): void {
    const width = this.#columns.names.length;
    if (width === 0) return;
    let empty = 0;
    for (let column = 0; column < width; column += 1) {
      if (this.#stamps[column] !== this.#readings) {
        empty += 1;
        continue;
      }
      if (empty > 0) writer.emptyFields(empty);
      empty = 0;
      const cell = this.#cells[column] as string;
      if (this.#literals[column] === true) writer.literal(cell);
      else writer.field(cell);
    }
    if (empty > 0) writer.emptyFields(empty);
    writer.endRow();
  }
}

/** A number, true or false. */
function isLiteral(code: number): boolean {
  return code !== quote && code !== letterN;
}

/** A scalar as a field; null is none. */
function readText(scanner: JsonScanner, code: number): string | null {
  if (code === quote) return scanner.string();
  const text = scanner.scalar(code);
  return text === 'null' ? null : text;
}

function nestedError(scanner: JsonScanner, path: string): EngineError {
  return new EngineError(
    'document_invalid',
    `Element ${scanner.elements + 1} has a nested value at "${path.slice(0, 200)}"; ` +
      'the option "nested" is "refuse".',
  );
}
