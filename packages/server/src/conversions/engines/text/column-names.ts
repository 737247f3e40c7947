import { EngineError } from '../engine.ts';
import type { Warning } from '../engine.ts';
import { headerCharsMax } from './bounds.ts';
import { UniqueNames } from './unique-names.ts';

/** The columns of a CSV by its header, each with a name of its own. */
export interface NamedColumns {
  readonly names: readonly string[];
  /** Where the fields of a record that is longer than the header go. */
  readonly extraName: string;
  /** What was renamed, for the customer. */
  readonly warnings: readonly Warning[];
}

/**
 * Names the columns by the header's fields: repeated names are numbered, empty ones become
 * `column_<position>`.
 *
 * @throws EngineError `document_too_complex` for a huge header
 */
export function nameColumns(fields: readonly string[]): NamedColumns {
  let chars = 0;
  for (const field of fields) chars += field.length;
  if (chars > headerCharsMax) {
    throw new EngineError(
      'document_too_complex',
      `The column names are longer than ${headerCharsMax} characters together.`,
    );
  }
  const unique = new UniqueNames(fields);
  const duplicates: string[] = [];
  let unnamed = 0;
  const names = fields.map((field, index) => {
    if (field === '') unnamed += 1;
    const name = unique.claim(field === '' ? `column_${index + 1}` : field, field !== '');
    if (field !== '' && name !== field) duplicates.push(name);
    return name;
  });
  const warnings: Warning[] = [];
  if (duplicates.length > 0) {
    const detail = `${duplicates.length} column names occur twice; now: ${duplicates.slice(0, 10).join(', ')}.`;
    warnings.push({ code: 'duplicate_columns', detail });
  }
  if (unnamed > 0) {
    const detail = `${unnamed} columns have no name; they are called column_<position>.`;
    warnings.push({ code: 'unnamed_columns', detail });
  }
  return { names, extraName: unique.claim('_extra', false), warnings };
}

/** What became of records that are shorter or longer than the header, as one warning. */
export class RaggedRecords {
  #short = 0;
  #long = 0;
  #firstLine = 0;

  note(short: boolean, line: number): void {
    if (this.#short + this.#long === 0) this.#firstLine = line;
    if (short) this.#short += 1;
    else this.#long += 1;
  }

  get hasLong(): boolean {
    return this.#long > 0;
  }

  warnings(extraName: string): Warning[] {
    if (this.#short + this.#long === 0) return [];
    const detail =
      `${this.#short} records have fewer fields than the header and ${this.#long} more ` +
      `(kept under ${extraName}); the first is at line ${this.#firstLine}.`;
    return [{ code: 'ragged_rows', detail }];
  }
}
