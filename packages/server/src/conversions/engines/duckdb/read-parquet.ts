import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import type { z } from 'zod';
import { EngineError, type EngineResult, type EngineTask, type Warning } from '../engine.ts';
import { Database, explainLimit } from './database.ts';
import { jsonText, memberOf, objectText, plainText } from './json-expression.ts';
import type { parquetToCsv, parquetToJson } from './options.ts';
import { recode } from './recode.ts';
import { identifier, literal } from './sql-text.ts';

interface Field {
  readonly name: string;
  readonly type: DuckDBType;
  /** The expression of its value. */
  readonly value: string;
}

/** Parquet as CSV, JSON or NDJSON. @throws EngineError */
export async function readParquet(task: EngineTask): Promise<EngineResult> {
  checkMagic(task.inputPath);
  const plainPath = join(task.workDir, 'plain.csv');
  const database = await Database.open(task, [plainPath]);
  const source = `read_parquet(${literal(task.inputPath)})`;
  try {
    const { names, types } = await database.describe(`SELECT * FROM ${source}`);
    const fields = choose(names, types, task);
    if (task.to !== 'csv') {
      await database.write(jsonStatement(task, fields, source), converting);
      return { format: task.to, warnings: [] };
    }
    const options = task.options as z.infer<typeof parquetToCsv>;
    const isPlain = options.encoding === 'utf-8' && !options.bom;
    const path = isPlain ? task.outputPath : plainPath;
    await database.write(csvStatement(options, fields, source, path), converting);
    const warnings: Warning[] = isPlain ? [] : await recode(task, plainPath, options);
    return { format: 'csv', warnings };
  } catch (error) {
    throw explainLimit(error) ?? damaged(error);
  }
}

const converting = { name: 'converting', from: 0, to: 98 };

/** DuckDB would tell an encrypted file by failing to find its key. */
function checkMagic(path: string): void {
  const file = openSync(path, 'r');
  try {
    const tail = Buffer.alloc(4);
    readSync(file, tail, 0, 4, Math.max(0, statSync(path).size - 4));
    const magic = tail.toString('latin1');
    if (magic === 'PARE') {
      throw new EngineError('document_encrypted', 'The Parquet file is encrypted.');
    }
    if (magic !== 'PAR1') throw damaged(new Error('it does not end in PAR1'));
  } finally {
    closeSync(file);
  }
}

function damaged(cause: unknown): EngineError {
  const message = 'The Parquet file is damaged or cut off.';
  return new EngineError('document_invalid', message, cause);
}

function choose(names: string[], types: DuckDBType[], task: EngineTask): Field[] {
  const all = names.flatMap((name, index) => {
    const type = types[index];
    return type ? [{ name, type, value: identifier(name) }] : [];
  });
  const { columns } = task.options as { columns?: readonly string[] };
  if (columns === undefined) return all;
  return columns.map((name) => {
    const found = all.find((field) => field.name === name);
    if (found) return found;
    const there = names.slice(0, 20).join(', ');
    throw new EngineError(
      'invalid_request',
      `The file has no column "${name.slice(0, 100)}"; there are ${there}.`,
    );
  });
}

function jsonStatement(task: EngineTask, fields: readonly Field[], source: string): string {
  const { indent = 0 } = task.options as Partial<z.infer<typeof parquetToJson>>;
  const layout = { indent, level: task.to === 'json' ? 1 : 0 };
  const members = fields.map(({ name, type, value }) => ({
    name,
    text: jsonText(type, value, { indent, level: layout.level + 1 }),
  }));
  const inner = indent === 0 ? '' : `\n${' '.repeat(indent)}`;
  const frame =
    task.to === 'json'
      ? `PREFIX ${literal(`[${inner}`)}, NEW_LINE ${literal(`,${inner}`)},
         SUFFIX ${literal(indent === 0 ? ']\n' : '\n]\n')},`
      : `NEW_LINE ${literal('\n')},`;
  // The line is one field, and nothing in it is a delimiter or a quote.
  return `COPY (SELECT ${objectText(members, layout)} FROM ${source})
    TO ${literal(task.outputPath)} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '',
    DELIMITER ${literal('\n')}, ${frame} USE_TMP_FILE false)`;
}

function csvStatement(
  options: z.infer<typeof parquetToCsv>,
  fields: readonly Field[],
  source: string,
  path: string,
): string {
  const shown = fields.flatMap((field) => csvFields(field, options.nested, 1));
  const values = shown.map(({ name, value }) => `${value} AS ${identifier(name)}`);
  const newline = options.newline === 'crlf' ? '\r\n' : '\n';
  return `COPY (SELECT ${values.join(', ')} FROM ${source}) TO ${literal(path)}
    (FORMAT csv, HEADER true, DELIMITER ${literal(options.delimiter)}, QUOTE '"', ESCAPE '"',
    NEW_LINE ${literal(newline)}, ${options.quote === 'all' ? 'FORCE_QUOTE *,' : ''}
    USE_TMP_FILE false)`;
}

const partTypes = new Set<DuckDBTypeId>([
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.MAP,
]);

/** The columns of a CSV that a field becomes; a struct has one for each of its own. */
function csvFields(
  { name, type, value }: Field,
  nested: z.infer<typeof parquetToCsv>['nested'],
  level: number,
): { name: string; value: string }[] {
  if (!partTypes.has(type.typeId)) return [{ name, value: plainText(type, value, true) }];
  if (nested === 'refuse') {
    throw new EngineError(
      'document_invalid',
      `The column "${name.slice(0, 200)}" holds nested values; the option "nested" is "refuse".`,
    );
  }
  if (nested === 'flatten' && type.typeId === DuckDBTypeId.STRUCT) {
    return type.entryNames.flatMap((member, index) =>
      csvFields(
        {
          name: `${name}.${member}`,
          type: type.entryTypes[index] ?? type,
          value: memberOf(value, member),
        },
        nested,
        level + 1,
      ),
    );
  }
  const text = jsonText(type, value, { indent: 0, level });
  return [{ name, value: `CASE WHEN ${value} IS NOT NULL THEN ${text} END` }];
}
