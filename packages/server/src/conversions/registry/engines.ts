import { chromium } from '../engines/chromium/runner-engine.ts';
import { csvCsvEngine } from '../engines/csv-csv.ts';
import { csvJsonEngine } from '../engines/csv-json.ts';
import { duckdbEngine } from '../engines/duckdb/engine.ts';
import type { Engine } from '../engines/engine.ts';
import { heicRunner, imageRunner } from '../engines/image/runner-engines.ts';
import { jsonCsvEngine } from '../engines/json-csv.ts';
import { jsonLinesEngine } from '../engines/json-lines.ts';
import { markdownEngine } from '../engines/markdown/engine.ts';
import { mediaRunner } from '../engines/media/runner-engines.ts';
import { officeNative, officeWasm } from '../engines/office/runner-engines.ts';
import { odsEngine } from '../engines/ods/engine.ts';
import { oldSheetsEngine } from '../engines/old-sheets/engine.ts';
import { toXlsxEngine } from '../engines/to-xlsx/engine.ts';
import { wordEngine } from '../engines/word/engine.ts';
import { markdownDocxEngine } from '../engines/word/markdown-docx.ts';
import { htmlMarkdownEngine } from '../engines/html-markdown.ts';
import { pdfLib, pdfium } from '../engines/pdf/runner-engines.ts';
import { xlsxEngine } from '../engines/xlsx/engine.ts';
import { xmlJsonEngine } from '../engines/xml-json.ts';
import { yamlJsonEngine } from '../engines/yaml-json.ts';
import type { RunnerEngine } from '../runner/runner.ts';

/**
 * A reader of our own: where there is no sandbox it runs without one, and as it keeps nothing from
 * one document to the next, refusing one costs no process.
 */
function own(engine: Engine, path: string, exportName: string): RunnerEngine {
  const module = new URL(`../engines/${path}`, import.meta.url);
  return { engine, module, exportName, needsSandbox: false, survivesRefusals: true };
}

/** A library's reader of a foreign format: only in a sandbox. */
function foreign(engine: Engine, path: string, exportName: string): RunnerEngine {
  const module = new URL(`../engines/${path}`, import.meta.url);
  return { engine, module, exportName, warm: false };
}

/**
 * One whose process starts in a moment, or whose files are so large that starting it is nothing
 * beside them. It stays at hand after its first task while there is room.
 */
function onDemand(engine: RunnerEngine): RunnerEngine {
  return { ...engine, warm: false };
}

/**
 * Every engine, the preferred one of a pair first, with the module that a child process loads.
 *
 * @param programFolder of the operator's own programs, laid out as `/` is
 */
export function enginesWith(programFolder: string | null): readonly RunnerEngine[] {
  return [
    own(xlsxEngine, 'xlsx/engine.ts', 'xlsxEngine'),
    onDemand(own(odsEngine, 'ods/engine.ts', 'odsEngine')),
    // SheetJS has tables of formats and code pages that a document which stops it half-way may leave.
    {
      ...own(oldSheetsEngine, 'old-sheets/engine.ts', 'oldSheetsEngine'),
      needsSandbox: true,
      survivesRefusals: false,
      warm: false,
    },
    onDemand(own(toXlsxEngine, 'to-xlsx/engine.ts', 'toXlsxEngine')),
    onDemand(own(csvJsonEngine, 'csv-json.ts', 'csvJsonEngine')),
    onDemand(own(jsonCsvEngine, 'json-csv.ts', 'jsonCsvEngine')),
    onDemand(own(jsonLinesEngine, 'json-lines.ts', 'jsonLinesEngine')),
    onDemand(own(csvCsvEngine, 'csv-csv.ts', 'csvCsvEngine')),
    onDemand(own(xmlJsonEngine, 'xml-json.ts', 'xmlJsonEngine')),
    onDemand(own(yamlJsonEngine, 'yaml-json.ts', 'yamlJsonEngine')),
    onDemand({
      engine: duckdbEngine,
      module: new URL('../engines/duckdb/engine.ts', import.meta.url),
      exportName: 'duckdbEngine',
      jobsMax: 1,
    }),
    onDemand(own(markdownEngine, 'markdown/engine.ts', 'markdownEngine')),
    imageRunner,
    heicRunner,
    mediaRunner(programFolder),
    foreign(wordEngine, 'word/engine.ts', 'wordEngine'),
    onDemand(own(markdownDocxEngine, 'word/markdown-docx.ts', 'markdownDocxEngine')),
    officeNative(programFolder),
    officeWasm,
    chromium,
    pdfium,
    pdfLib,
    foreign(htmlMarkdownEngine, 'html-markdown.ts', 'htmlMarkdownEngine'),
  ];
}
