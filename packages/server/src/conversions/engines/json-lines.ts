import { z } from 'zod';
import type { Engine, EngineResult, EngineTask, InlineTask } from './engine.ts';
import { TextReader, decodeText } from './text/decode.ts';
import { readPieces } from './text/files.ts';
import { JsonElements } from './text/json-elements.ts';
import { jsonIndent } from './text/options.ts';
import { OutputBytes, OutputFile, type Output } from './text/output.ts';
import { readTree, writeTree } from './tree/json-tree.ts';

const toJson = z.strictObject({ indent: jsonIndent });
const toLines = z.strictObject({});

const encodingAdvice = 'JSON is written in UTF-8';
const flushChars = 256 * 1024;

/**
 * A JSON array to NDJSON, a line for each element, and back. Streams; numbers keep their digits and
 * objects the order of their keys.
 */
export const jsonLinesEngine: Engine = {
  name: 'json-lines',
  pairs: [
    { from: 'json', to: 'ndjson', options: toLines },
    { from: 'ndjson', to: 'json', options: toJson },
  ],
  timeoutMs: 1_800_000,
  memoryBytesMax: 512 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  inline: { sizeBytesMax: 256 * 1024, run: runInline },
};

/** Writes each element that it reads; `end` gives the result. */
class ElementWriter {
  readonly elements: JsonElements;
  readonly #task: Pick<EngineTask, 'to'>;
  readonly #output: Output;
  readonly #separator: string;
  readonly #indent: number;
  #text: string;

  constructor(task: Pick<EngineTask, 'to' | 'options'>, output: Output) {
    const { indent = 0 } = task.options as { indent?: number };
    const inner = indent === 0 ? '' : `\n${' '.repeat(indent)}`;
    this.#task = task;
    this.#output = output;
    this.#indent = indent;
    this.#text = task.to === 'json' ? `[${inner}` : '';
    this.#separator = task.to === 'json' ? `,${inner}` : '\n';
    this.elements = new JsonElements((scanner, code) => {
      const element =
        indent === 0 ? scanner.raw(code, 0) : writeTree(readTree(scanner, code), indent, 1);
      this.#add(element);
    });
  }

  end(): EngineResult {
    this.elements.end();
    const { to } = this.#task;
    const isEmpty = this.elements.count === 0;
    if (to === 'ndjson') this.#text += isEmpty ? '' : '\n';
    else if (isEmpty) this.#text = '[]\n';
    else this.#text += this.#indent === 0 ? ']\n' : '\n]\n';
    this.#output.write(this.#text);
    return { format: to, warnings: [] };
  }

  #add(element: string): void {
    this.#text += this.elements.count === 0 ? element : this.#separator + element;
    if (this.#text.length < flushChars) return;
    this.#output.write(this.#text);
    this.#text = '';
  }
}

async function run(task: EngineTask): Promise<EngineResult> {
  using output = new OutputFile(task);
  const writer = new ElementWriter(task, output);
  const decoder = new TextReader('utf-8', encodingAdvice);
  for await (const bytes of readPieces(task, { name: 'converting', from: 0, to: 100 })) {
    writer.elements.write(decoder.write(bytes));
  }
  writer.elements.write(decoder.end());
  return writer.end();
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  const output = new OutputBytes(task.input.length);
  const writer = new ElementWriter(task, output);
  writer.elements.write(decodeText(task.input, 'utf-8', encodingAdvice));
  const result = writer.end();
  return { bytes: output.bytes(), result };
}
