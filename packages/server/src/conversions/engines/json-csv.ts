import { z } from 'zod';
import { CsvWriter } from './csv-writer.ts';
import type { Engine, EngineResult, EngineTask, InlineTask } from './engine.ts';
import { decodeText } from './text/decode.ts';
import type { JsonElements } from './text/json-elements.ts';
import { jsonEncodingAdvice, jsonInputShape, readJson } from './text/json-input.ts';
import { JsonToCsv } from './text/json-to-csv.ts';
import { csvOutput } from './text/options.ts';
import { OutputBytes, OutputFile } from './text/output.ts';

const options = z.strictObject({
  ...jsonInputShape,
  ...csvOutput,
});

type JsonCsvOptions = z.infer<typeof options>;

/**
 * JSON to CSV: one row for each element of an array, or for each value of NDJSON. Files are read
 * twice, first for the columns, so that memory does not grow with them. Numbers keep their digits.
 */
export const jsonCsvEngine: Engine = {
  name: 'json-csv',
  pairs: [
    { from: 'json', to: 'csv', options },
    { from: 'ndjson', to: 'csv', options },
  ],
  timeoutMs: 1_800_000,
  memoryBytesMax: 512 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  inline: { sizeBytesMax: 256 * 1024, run: runInline },
};

async function run(task: EngineTask): Promise<EngineResult> {
  const parsed = task.options as JsonCsvOptions;
  const conversion = new JsonToCsv(parsed);
  const listed = parsed.columns !== undefined;
  if (!listed) {
    await readJson(conversion.collect(), task, { name: 'reading', from: 0, to: 45 });
  }
  using output = new OutputFile(task);
  const writer = new CsvWriter(output, parsed);
  const rows = conversion.write(writer);
  await readJson(rows, task, { name: 'converting', from: listed ? 0 : 45, to: 100 });
  return { format: 'csv', warnings: conversion.finish(writer, rows) };
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  const parsed = task.options as JsonCsvOptions;
  const text = decodeText(task.input, 'utf-8', jsonEncodingAdvice);
  const conversion = new JsonToCsv(parsed);
  if (parsed.columns === undefined) readAll(conversion.collect(), text);
  const output = new OutputBytes(task.input.length);
  const writer = new CsvWriter(output, parsed);
  const rows = conversion.write(writer);
  readAll(rows, text);
  const warnings = conversion.finish(writer, rows);
  return { bytes: output.bytes(), result: { format: 'csv', warnings } };
}

function readAll(elements: JsonElements, text: string): void {
  elements.write(text);
  elements.end();
}
