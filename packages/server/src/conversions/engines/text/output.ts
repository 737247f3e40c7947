import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import type { EngineTask } from '../engine.ts';
import { checkExpansion } from './bounds.ts';

/** Where converted bytes go. Bytes may be reused by the caller after the call. */
export interface Output {
  /** @throws EngineError `document_too_complex` when the output is absurdly large */
  write(data: string | Uint8Array): void;
}

/**
 * A task's output file. Writing is synchronous on purpose: an engine has a process of its own, and
 * one piece of input can make far more output than fits into memory.
 */
export class OutputFile implements Output, Disposable {
  readonly #file: number;
  readonly #bytesIn: number;
  #bytesOut = 0;

  constructor(task: Pick<EngineTask, 'inputPath' | 'outputPath'>) {
    this.#bytesIn = statSync(task.inputPath).size;
    this.#file = openSync(task.outputPath, 'w');
  }

  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.#bytesOut += bytes.length;
    checkExpansion(this.#bytesIn, this.#bytesOut);
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#file, bytes, written);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** An output in memory, for small inputs; the same bound. */
export class OutputBytes implements Output {
  readonly #bytesIn: number;
  readonly #pieces: Buffer[] = [];
  #bytesOut = 0;

  constructor(bytesIn: number) {
    this.#bytesIn = bytesIn;
  }

  write(data: string | Uint8Array): void {
    const bytes = Buffer.from(data as Uint8Array);
    this.#bytesOut += bytes.length;
    checkExpansion(this.#bytesIn, this.#bytesOut);
    this.#pieces.push(bytes);
  }

  bytes(): Buffer {
    const [first] = this.#pieces;
    return first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
  }
}
