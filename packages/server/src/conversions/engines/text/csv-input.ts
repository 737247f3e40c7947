import { z } from 'zod';
import { sampleChars, sniffDelimiter } from './csv-dialect.ts';
import { CsvReader, type RowListener } from './csv-reader.ts';
import { textEncodings } from './decode.ts';

/** The options of every conversion that reads CSV. */
export const csvInputShape = {
  delimiter: z
    .string()
    .regex(/^(?:auto|[\t !#-~])$/u, 'It must be "auto" or one ASCII character other than a quote.')
    .default('auto')
    .describe('"auto" finds it among comma, semicolon, tab and bar.'),
  encoding: z
    .enum(textEncodings)
    .default('utf-8')
    .describe('A byte order mark in the file wins over it.'),
};

/** What to do about bytes that are no text. */
export const encodingAdvice = 'set the option "encoding" if it is written in another one';

/** Reads CSV text in pieces; its delimiter is found by the beginning where it is `auto`. */
export class CsvInput {
  readonly #onRow: RowListener;
  #delimiter: string;
  #reader: CsvReader | null = null;
  #sample = '';

  constructor(delimiter: string, onRow: RowListener) {
    this.#delimiter = delimiter;
    this.#onRow = onRow;
  }

  /** Lines without a field that were passed over. */
  get emptyLines(): number {
    return this.#reader?.emptyLines ?? 0;
  }

  /** @throws EngineError `document_invalid`, `document_too_complex` */
  write(text: string): void {
    if (this.#reader !== null) return this.#reader.write(text);
    this.#sample += text;
    if (this.#sample.length >= sampleChars) this.#start();
  }

  /** @throws EngineError `document_invalid` */
  end(): void {
    (this.#reader ?? this.#start()).end();
  }

  #start(): CsvReader {
    const text = this.#sample;
    this.#sample = '';
    if (this.#delimiter === 'auto') this.#delimiter = sniffDelimiter(text);
    const reader = new CsvReader(this.#delimiter, this.#onRow);
    this.#reader = reader;
    reader.write(text);
    return reader;
  }
}
