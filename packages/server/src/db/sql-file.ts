import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { OperatorError } from './operator-error.ts';

/** One `.sql` file. `name` is the file's name; `checksum` is SHA-256 over its text, in hex. */
export interface SqlFile {
  name: string;
  text: string;
  checksum: string;
}

/**
 * Reads the `.sql` files of a folder in name order; line ends count as `\n`, so a checkout with
 * `\r\n` has the same checksums. Throws an OperatorError for a name that does not match `pattern`.
 */
export async function readSqlFiles(folder: string, pattern: RegExp): Promise<SqlFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      if (!pattern.test(name)) {
        throw new OperatorError(`${path.join(folder, name)}: the name must match ${pattern}.`);
      }
      const text = (await readFile(path.join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/** What PostgreSQL said about a file, with the line it points at. */
export function sqlFileError(file: SqlFile, error: unknown): OperatorError {
  if (!(error instanceof pg.DatabaseError)) {
    return new OperatorError(`${file.name} failed: ${String(error)}`, error);
  }
  const offset = Number(error.position ?? 0);
  const before =
    offset > 0
      ? Array.from(file.text)
          .slice(0, offset - 1)
          .join('')
      : undefined;
  const place = before === undefined ? file.name : `${file.name}:${before.split('\n').length}`;
  const more = [error.detail, error.hint, error.where].filter((part) => part !== undefined);
  return new OperatorError([`${place}: ${error.message}`, ...more].join('\n  '), error);
}

/** The SQLSTATE of an error that PostgreSQL reported. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
