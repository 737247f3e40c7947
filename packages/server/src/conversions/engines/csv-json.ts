import { z } from 'zod';
import type { Engine, EngineResult, EngineTask, Format, InlineTask } from './engine.ts';
import { CsvInput, csvInputShape, encodingAdvice } from './text/csv-input.ts';
import { JsonRows } from './text/csv-to-json.ts';
import { TextReader, decodeText } from './text/decode.ts';
import { readPieces } from './text/files.ts';
import { csvHeader, jsonIndent } from './text/options.ts';
import { OutputBytes, OutputFile } from './text/output.ts';
import type { Output } from './text/output.ts';

const options = z.strictObject({
  header: csvHeader,
  ...csvInputShape,
  types: z
    .enum(['string', 'infer'])
    .default('string')
    .describe(
      '"infer" makes numbers, true, false and null (an empty field) of the fields that can be ' +
        'written back exactly; 007 and 1.50 stay strings.',
    ),
  indent: jsonIndent,
});

/** A line of NDJSON is one value, so there is nothing to indent. */
const lineOptions = options.omit({ indent: true });

type CsvJsonOptions = z.infer<typeof lineOptions> & { readonly indent?: number };

const inlineBytesMax = 256 * 1024;

/**
 * CSV to a JSON array or to NDJSON: objects by the header, or arrays. Streams; memory does not grow.
 */
export const csvJsonEngine: Engine = {
  name: 'csv-json',
  pairs: [
    { from: 'csv', to: 'json', options },
    { from: 'csv', to: 'ndjson', options: lineOptions },
  ],
  timeoutMs: 1_800_000,
  memoryBytesMax: 512 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  inline: { sizeBytesMax: inlineBytesMax, run: runInline },
};

/** From decoded text to JSON text; the same object serves files and texts in memory. */
class CsvToJson {
  readonly #to: Format;
  readonly #rows: JsonRows;
  readonly #input: CsvInput;

  constructor({ to, options: given }: Pick<EngineTask, 'to' | 'options'>, output: Output) {
    const parsed = given as CsvJsonOptions;
    const { indent = 0 } = parsed;
    const rows = new JsonRows({ ...parsed, indent, lines: to === 'ndjson' }, output);
    this.#to = to;
    this.#rows = rows;
    this.#input = new CsvInput(parsed.delimiter, (fields, line) => rows.add(fields, line));
  }

  write(text: string): void {
    this.#input.write(text);
  }

  end(): EngineResult {
    this.#input.end();
    this.#rows.end();
    return { format: this.#to, warnings: this.#rows.warnings(this.#input.emptyLines) };
  }
}

async function run(task: EngineTask): Promise<EngineResult> {
  const parsed = task.options as CsvJsonOptions;
  using output = new OutputFile(task);
  const decoder = new TextReader(parsed.encoding, encodingAdvice);
  const conversion = new CsvToJson(task, output);
  for await (const bytes of readPieces(task, { name: 'converting', from: 0, to: 100 })) {
    conversion.write(decoder.write(bytes));
  }
  conversion.write(decoder.end());
  return conversion.end();
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  const parsed = task.options as CsvJsonOptions;
  const output = new OutputBytes(task.input.length);
  const conversion = new CsvToJson(task, output);
  conversion.write(decodeText(task.input, parsed.encoding, encodingAdvice));
  const result = conversion.end();
  return { bytes: output.bytes(), result };
}
