import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

import type { ByteSink } from '../csv-writer.ts';
import { EngineError } from '../engine.ts';

/**
 * Writes to a file synchronously: nothing piles up in memory when one small cell in the input
 * stands for a long text in the output. Meant for the converter's own process.
 */
export class FileSink implements ByteSink, Disposable {
  readonly #descriptor: number;
  readonly #sizeBytesMax: number;
  #size = 0;

  constructor(path: string, sizeBytesMax: number) {
    this.#descriptor = openSync(path, 'w');
    this.#sizeBytesMax = sizeBytesMax;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** @throws EngineError `document_too_complex` past the bound. */
  write(bytes: Uint8Array): void {
    if (this.#size + bytes.length > this.#sizeBytesMax) {
      throw new EngineError(
        'document_too_complex',
        `The output would be larger than ${this.#sizeBytesMax} bytes.`,
      );
    }
    for (let at = 0; at < bytes.length;) {
      at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#size + at);
    }
    this.#size += bytes.length;
  }

  /** Starts again with an empty file. */
  reset(): void {
    ftruncateSync(this.#descriptor, 0);
    this.#size = 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}
