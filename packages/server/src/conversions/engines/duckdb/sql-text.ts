import { EngineError } from '../engine.ts';

/** A text as SQL writes it. Everything that is not ours goes through here or `identifier`. */
export function literal(text: string): string {
  return `'${whole(text).replaceAll("'", "''")}'`;
}

/** A name as SQL writes it. */
export function identifier(name: string): string {
  return `"${whole(name).replaceAll('"', '""')}"`;
}

/** A statement is a C string to DuckDB: at U+0000 it would end. */
function whole(text: string): string {
  if (!text.includes('\0')) return text;
  throw new EngineError('document_invalid', 'The name of a column holds the character U+0000.');
}
