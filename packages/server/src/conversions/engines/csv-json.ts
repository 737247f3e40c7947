import { z } from 'zod';
import type { Engine, EngineResult, EngineTask, InlineTask } from './engine.ts';
import { sampleChars, sniffDelimiter } from './text/csv-dialect.ts';
import { CsvReader } from './text/csv-reader.ts';
import { JsonRows } from './text/csv-to-json.ts';
import { TextReader, decodeText, textEncodings } from './text/decode.ts';
import { readPieces } from './text/files.ts';
import { OutputBytes, OutputFile } from './text/output.ts';
import type { Output } from './text/output.ts';

const options = z.strictObject({
  header: z
    .boolean()
    .default(true)
    .describe('The first record names the columns; false makes every record an array.'),
  delimiter: z
    .string()
    .regex(/^(?:auto|[\t !#-~])$/u, 'It must be "auto" or one ASCII character other than a quote.')
    .default('auto')
    .describe('"auto" finds it among comma, semicolon, tab and bar.'),
  encoding: z
    .enum(textEncodings)
    .default('utf-8')
    .describe('A byte order mark in the file wins over it.'),
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

const encodingAdvice = 'set the option "encoding" if it is written in another one';

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
  #delimiter: string;
  #reader: CsvReader | null = null;
  #sample = '';

  constructor(parsed: CsvJsonOptions, output: Output) {
    this.#rows = new JsonRows(parsed, output);
    this.#delimiter = parsed.delimiter;
  }

  write(text: string): void {
    if (this.#reader !== null) return this.#reader.write(text);
    this.#sample += text;
    if (this.#sample.length >= sampleChars) this.#start();
  }

  end(): EngineResult {
    const reader = this.#reader ?? this.#start();
    reader.end();
    this.#rows.end();
    return { format: 'json', warnings: this.#rows.warnings(reader.emptyLines) };
  }

  #start(): CsvReader {
    const text = this.#sample;
    this.#sample = '';
    if (this.#delimiter === 'auto') this.#delimiter = sniffDelimiter(text);
    const rows = this.#rows;
    const reader = new CsvReader(this.#delimiter, (fields, line) => rows.add(fields, line));
    this.#reader = reader;
    reader.write(text);
    return reader;
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
