import { createRequire } from 'node:module';
import type { Availability, Engine, EngineResult, EngineTask } from '../engine.ts';
import {
  csvToParquet,
  jsonToParquet,
  parquetToCsv,
  parquetToJson,
  parquetToLines,
} from './options.ts';

/**
 * CSV, JSON and NDJSON to Parquet and back, by DuckDB in memory with a spill folder. It guesses
 * nothing: dialect, columns and types are found and checked by us, and it can open the task's own
 * files only.
 */
export const duckdbEngine: Engine = {
  name: 'duckdb',
  pairs: [
    { from: 'csv', to: 'parquet', options: csvToParquet },
    { from: 'json', to: 'parquet', options: jsonToParquet },
    { from: 'ndjson', to: 'parquet', options: jsonToParquet },
    { from: 'parquet', to: 'csv', options: parquetToCsv },
    { from: 'parquet', to: 'json', options: parquetToJson },
    { from: 'parquet', to: 'ndjson', options: parquetToLines },
  ],
  timeoutMs: 1_800_000,
  memoryBytesMax: 1536 * 1024 * 1024,
  probe,
  run,
};

/** Looks for the library without loading it: 68 MB that the server itself never needs. */
async function probe(): Promise<Availability> {
  try {
    const require = createRequire(import.meta.url);
    require.resolve('@duckdb/node-api');
    return { available: true };
  } catch {
    return { available: false, reason: 'the package @duckdb/node-api is not installed' };
  }
}

async function run(task: EngineTask): Promise<EngineResult> {
  const steady = { ...task, progress: neverBack(task) };
  if (task.from === 'parquet') return (await import('./read-parquet.ts')).readParquet(steady);
  const { toParquet } = await import('./to-parquet.ts');
  return toParquet(steady);
}

/** A second attempt begins from the front; the customer's bar does not go back. */
function neverBack(task: EngineTask): EngineTask['progress'] {
  let highest = 0;
  return (percent, phase) => {
    highest = Math.max(highest, percent);
    task.progress(highest, phase);
  };
}
