import { tmpdir } from 'node:os';

import { toXlsxEngine } from '../../packages/server/src/conversions/engines/to-xlsx/engine.ts';
import { Archive } from '../../packages/server/src/conversions/engines/xlsx/archive.ts';
import { xlsxEngine } from '../../packages/server/src/conversions/engines/xlsx/engine.ts';
import type { Engine, Format } from '../../packages/server/src/conversions/engines/engine.ts';

export type Contender = (inputPath: string, outputPath: string) => Promise<void>;

/** An engine of ours with its default options, as its child process runs it. */
function ours(engine: Engine, from: Format, to: Format): Contender {
  return async (inputPath, outputPath) => {
    const files = { inputPath, outputPath, workDir: tmpdir() };
    const { signal } = new AbortController();
    await engine.run({ from, to, options: {}, ...files, signal, progress: () => undefined });
  };
}

/** What any reader has to do at least: inflate every part, checksums included. */
async function inflateOnly(inputPath: string): Promise<void> {
  const archive = await Archive.open(inputPath);
  for (const name of archive.names) for await (const _ of archive.chunks(name));
  await archive.close();
}

export const contenders: Readonly<Record<string, Contender>> = {
  'inflate only': inflateOnly,
  'XLSX to CSV': ours(xlsxEngine, 'xlsx', 'csv'),
  'XLSX to JSON': ours(xlsxEngine, 'xlsx', 'json'),
  'CSV to XLSX': ours(toXlsxEngine, 'csv', 'xlsx'),
};
