import { csvJsonEngine } from './engines/csv-json.ts';
import type { Engine } from './engines/engine.ts';
import { jsonCsvEngine } from './engines/json-csv.ts';
import { markdownEngine } from './engines/markdown.ts';
import { officeNativeEngine } from './engines/office/native.ts';
import { officeWasmEngine } from './engines/office/wasm.ts';
import { xlsxEngine } from './engines/xlsx/engine.ts';

/** Every engine, the preferred one of a pair first. */
export const engines: readonly Engine[] = [
  xlsxEngine,
  csvJsonEngine,
  jsonCsvEngine,
  markdownEngine,
  officeNativeEngine,
  officeWasmEngine,
];
