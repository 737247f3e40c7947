import { z } from 'zod';
import { CsvWriter } from './csv-writer.ts';
import type { Engine, EngineResult, EngineTask, InlineTask, Warning } from './engine.ts';
import { CsvInput, csvInputShape } from './text/csv-input.ts';
import { TextReader, decodeText } from './text/decode.ts';
import { readPieces } from './text/files.ts';
import { csvOutput } from './text/options.ts';
import { OutputBytes, OutputFile, type Output } from './text/output.ts';

const options = z.strictObject({
  from_delimiter: csvInputShape.delimiter,
  from_encoding: csvInputShape.encoding,
  ...csvOutput,
});

type CsvCsvOptions = z.infer<typeof options>;

const encodingAdvice = 'set the option "from_encoding" if it is written in another one';

/** CSV written anew: other delimiter, encoding, line ends or quotes, the same fields. */
export const csvCsvEngine: Engine = {
  name: 'csv-csv',
  pairs: [{ from: 'csv', to: 'csv', options }],
  timeoutMs: 1_800_000,
  memoryBytesMax: 512 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  inline: { sizeBytesMax: 256 * 1024, run: runInline },
};

/** From decoded text to records written in the other dialect. */
class Rewriter {
  readonly #writer: CsvWriter;
  readonly #input: CsvInput;

  constructor(parsed: CsvCsvOptions, output: Output) {
    const writer = new CsvWriter(output, parsed);
    this.#writer = writer;
    this.#input = new CsvInput(parsed.from_delimiter, (fields, _line, quotedEmpty) => {
      for (const [index, field] of fields.entries()) {
        if (field === '' && quotedEmpty?.has(index) === true) writer.emptyText();
        else writer.field(field);
      }
      writer.endRow();
    });
  }

  write(text: string): void {
    this.#input.write(text);
  }

  end(): EngineResult {
    this.#input.end();
    this.#writer.flush();
    const warnings: Warning[] = [];
    const { emptyLines } = this.#input;
    if (emptyLines > 0) {
      const detail = `${emptyLines} empty lines were left out.`;
      warnings.push({ code: 'empty_lines_skipped', detail });
    }
    const { unencodable } = this.#writer;
    if (unencodable > 0) {
      const detail = `${unencodable} characters do not exist in the encoding; written as ?.`;
      warnings.push({ code: 'unencodable_characters', detail });
    }
    return { format: 'csv', warnings };
  }
}

async function run(task: EngineTask): Promise<EngineResult> {
  const parsed = task.options as CsvCsvOptions;
  using output = new OutputFile(task);
  const decoder = new TextReader(parsed.from_encoding, encodingAdvice);
  const rewriter = new Rewriter(parsed, output);
  for await (const bytes of readPieces(task, { name: 'converting', from: 0, to: 100 })) {
    rewriter.write(decoder.write(bytes));
  }
  rewriter.write(decoder.end());
  return rewriter.end();
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  const parsed = task.options as CsvCsvOptions;
  const output = new OutputBytes(task.input.length);
  const rewriter = new Rewriter(parsed, output);
  rewriter.write(decodeText(task.input, parsed.from_encoding, encodingAdvice));
  const result = rewriter.end();
  return { bytes: output.bytes(), result };
}
