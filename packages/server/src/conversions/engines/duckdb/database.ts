import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBType } from '@duckdb/node-api';
import { EngineError, type EngineTask } from '../engine.ts';
import { literal } from './sql-text.ts';

/** What DuckDB may hold before it writes to its spill folder; the process needs as much besides. */
const memoryLimit = '512MB';
const spillLimit = '16GB';
const threads = '2';
const pollMs = 200;

/** Repetitive tables are a hundredth of their text in Parquet; a bomb is a millionth. */
const expansionRatioMax = 2000;
const expansionGraceBytes = 64 * 1024 * 1024;
const outputBytesMax = 12 * 2 ** 30;

/** Which share of the whole progress one statement is. */
export interface Phase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

type DatabaseTask = Pick<EngineTask, 'inputPath' | 'outputPath' | 'workDir' | 'progress'>;

/**
 * An in-memory database that can open the task's own files and nothing else: no other path, no
 * extension, and no statement that could change that. It lives as long as its process, which does one
 * conversion: closed by hand, version 1.5.6 of the binding crashes once in a few times.
 */
export class Database {
  readonly #task: DatabaseTask;
  readonly #connection: DuckDBConnection;

  private constructor(task: DatabaseTask, connection: DuckDBConnection) {
    this.#task = task;
    this.#connection = connection;
  }

  /** @param paths which it may open besides the task's input and output */
  static async open(task: DatabaseTask, paths: readonly string[]): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads,
      memory_limit: memoryLimit,
      temp_directory: join(task.workDir, 'spill'),
      // Else nine tenths of the disk.
      max_temp_directory_size: spillLimit,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const connection = await instance.connect();
    const allowed = [task.inputPath, task.outputPath, ...paths].map(literal).join(', ');
    for (const setting of [
      `allowed_paths = [${allowed}]`,
      `enable_external_access = false`,
      // Times are written as they are stored, wherever this machine stands.
      `TimeZone = 'UTC'`,
      `enable_progress_bar = true`,
      `enable_progress_bar_print = false`,
      `lock_configuration = true`,
    ]) {
      await connection.run(`SET ${setting}`);
    }
    return new Database(task, connection);
  }

  /** The columns that a query would give. @throws Error as DuckDB says it */
  async describe(query: string): Promise<{ names: string[]; types: DuckDBType[] }> {
    const prepared = await this.#connection.prepare(query);
    const count = prepared.columnCount;
    const names = Array.from({ length: count }, (_, index) => prepared.columnName(index));
    const types = Array.from({ length: count }, (_, index) => prepared.columnType(index));
    return { names, types };
  }

  /** The first row of a query's result. @throws Error as DuckDB says it */
  async first(query: string, phase: Phase): Promise<readonly unknown[]> {
    const reader = await this.#watch(() => this.#connection.runAndReadAll(query), phase);
    return reader.getRows()[0] ?? [];
  }

  /**
   * Runs a statement that writes the output.
   *
   * @throws Error as DuckDB says it; EngineError `document_too_complex` for an absurdly large output
   */
  async write(statement: string, phase: Phase): Promise<void> {
    await this.#watch(() => this.#connection.run(statement), phase);
  }

  async #watch<T>(run: () => Promise<T>, { name, from, to }: Phase): Promise<T> {
    const { inputPath, outputPath, progress } = this.#task;
    let tooLarge = false;
    progress(from, name);
    const timer = setInterval(() => {
      const percent = Math.max(0, this.#connection.progress.percentage);
      progress(from + ((to - from) * percent) / 100, name);
      if (!isOutOfProportion(inputPath, outputPath)) return;
      tooLarge = true;
      this.#connection.interrupt();
    }, pollMs);
    try {
      return await run();
    } catch (error) {
      if (!tooLarge) throw error;
      const message = 'The output would be absurdly larger than the input.';
      throw new EngineError('document_too_complex', message, error);
    } finally {
      clearInterval(timer);
    }
  }
}

function isOutOfProportion(inputPath: string, outputPath: string): boolean {
  const bytesOut = statSync(outputPath, { throwIfNoEntry: false })?.size ?? 0;
  if (bytesOut <= expansionGraceBytes) return false;
  return bytesOut > outputBytesMax || bytesOut > expansionRatioMax * statSync(inputPath).size;
}

/** What an error of DuckDB's own means to the customer, or null where it is a fault of ours. */
export function explainLimit(error: unknown): EngineError | null {
  if (error instanceof EngineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/out of memory|failed to (?:allocate|offload|pin)|max_temp_directory_size/iu.test(text)) {
    const message = 'The document needs more memory than one conversion may use.';
    return new EngineError('document_too_complex', message, error);
  }
  return null;
}
