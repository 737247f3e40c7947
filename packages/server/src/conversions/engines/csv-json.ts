import { z } from 'zod';
import type { Engine, EngineResult, EngineTask, InlineTask } from './engine.ts';
import { CsvInput, csvInputShape, encodingAdvice } from './text/csv-input.ts';
import { JsonRows } from './text/csv-to-json.ts';
import { TextReader, decodeText } from './text/decode.ts';
import { readPieces } from './text/files.ts';
import { OutputBytes, OutputFile } from './text/output.ts';
import type { Output } from './text/output.ts';

const options = z.strictObject({
  header: z
    .boolean()
    .default(true)
    .describe('The first record names the columns; false makes every record an array.'),
  ...csvInputShape,
  types: z
    .enum(['string', 'infer'])
    .default('string')
    .describe(
      '"infer" makes numbers, true, false and null (an empty field) of the fields that can be ' +
        'written back exactly; 007 and 1.50 stay strings.',
    ),
  indent: z
    .int()
    .min(0)
    .max(8)
    .default(0)
    .describe('Spaces a level; 0 writes everything on one line.'),
});

type CsvJsonOptions = z.infer<typeof options>;

const inlineBytesMax = 256 * 1024;

/** CSV to a JSON array: of objects by the header, or of arrays. Streams; memory does not grow. */
export const csvJsonEngine: Engine = {
  name: 'csv-json',
  pairs: [{ from: 'csv', to: 'json', options }],
  timeoutMs: 300_000,
  memoryBytesMax: 512 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  inline: { sizeBytesMax: inlineBytesMax, run: runInline },
};

/** From decoded text to JSON text; the same object serves files and texts in memory. */
class CsvToJson {
  readonly #rows: JsonRows;
  readonly #input: CsvInput;

  constructor(parsed: CsvJsonOptions, output: Output) {
    const rows = new JsonRows(parsed, output);
    this.#rows = rows;
    this.#input = new CsvInput(parsed.delimiter, (fields, line) => rows.add(fields, line));
  }

  write(text: string): void {
    this.#input.write(text);
  }

  end(): EngineResult {
    this.#input.end();
    this.#rows.end();
    return { format: 'json', warnings: this.#rows.warnings(this.#input.emptyLines) };
  }
}

async function run(task: EngineTask): Promise<EngineResult> {
  const parsed = task.options as CsvJsonOptions;
  using output = new OutputFile(task);
  const decoder = new TextReader(parsed.encoding, encodingAdvice);
  const conversion = new CsvToJson(parsed, output);
  for await (const bytes of readPieces(task, { name: 'converting', from: 0, to: 100 })) {
    conversion.write(decoder.write(bytes));
  }
  conversion.write(decoder.end());
  return conversion.end();
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  const parsed = task.options as CsvJsonOptions;
  const output = new OutputBytes(task.input.length);
  const conversion = new CsvToJson(parsed, output);
  conversion.write(decodeText(task.input, parsed.encoding, encodingAdvice));
  const result = conversion.end();
  return { bytes: output.bytes(), result };
}
