import { csvJsonEngine } from './engines/csv-json.ts';
import { jsonCsvEngine } from './engines/json-csv.ts';
import { markdownEngine } from './engines/markdown.ts';
import { xlsxEngine } from './engines/xlsx/engine.ts';
import type { RunnerEngine } from './runner/runner.ts';

const inEngines = (path: string) => new URL(`./engines/${path}`, import.meta.url);

/** Every engine, the preferred one of a pair first, with the module that a child process loads. */
export const engines: readonly RunnerEngine[] = [
  { engine: xlsxEngine, module: inEngines('xlsx/engine.ts'), exportName: 'xlsxEngine' },
  { engine: csvJsonEngine, module: inEngines('csv-json.ts'), exportName: 'csvJsonEngine' },
  { engine: jsonCsvEngine, module: inEngines('json-csv.ts'), exportName: 'jsonCsvEngine' },
  { engine: markdownEngine, module: inEngines('markdown.ts'), exportName: 'markdownEngine' },
];
