import { EngineError, type EngineResult, type EngineTask } from '../engine.ts';
import { asItIs, rewriteCsv, rewrittenPath, sampleCsv } from './csv-table.ts';
import { Database, explainLimit } from './database.ts';
import { readJsonTable, rowsPath } from './json-table.ts';
import type { Table } from './table.ts';
import { writeParquet } from './write-parquet.ts';

/** CSV, JSON or NDJSON as Parquet. @throws EngineError */
export async function toParquet(task: EngineTask): Promise<EngineResult> {
  if (task.from === 'csv') return csvToParquet(task);
  const table = await readJsonTable(task);
  const database = await Database.open(task, [rowsPath(task)]);
  return finish(database, table, task);
}

/**
 * DuckDB reads an orderly CSV five times as fast as we do. What it refuses is read by us: we know
 * more kinds, and tell better what is wrong.
 */
async function csvToParquet(task: EngineTask): Promise<EngineResult> {
  const sample = await sampleCsv(task);
  const database = await Database.open(task, [rewrittenPath(task)]);
  const orderly = asItIs(task, sample);
  if (orderly) {
    try {
      await writeParquet(database, orderly, task);
      return { format: 'parquet', warnings: orderly.warnings };
    } catch (error) {
      const limit = explainLimit(error);
      if (limit) throw limit;
    }
  }
  return finish(database, await rewriteCsv(task, sample), task);
}

async function finish(database: Database, table: Table, task: EngineTask): Promise<EngineResult> {
  try {
    await writeParquet(database, table, task);
    return { format: 'parquet', warnings: table.warnings };
  } catch (error) {
    const limit = explainLimit(error);
    if (limit) throw limit;
    throw new EngineError('internal_error', 'The conversion failed on our side.', error);
  }
}
