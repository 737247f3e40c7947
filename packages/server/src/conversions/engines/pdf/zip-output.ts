import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { EngineTask } from '../engine.ts';

/** The same for the same content, whenever it is made. */
const fileTime = new Date(Date.UTC(1980, 0, 1));

/** Writes files into the task's output as a ZIP, one by one. They are compressed already. */
export class ZipOutput {
  readonly #zip = new ZipFile();
  readonly #written: Promise<void>;

  constructor(task: EngineTask) {
    this.#written = pipeline(this.#zip.outputStream, createWriteStream(task.outputPath));
    // Told by `end`.
    this.#written.catch(() => {});
  }

  add(name: string, bytes: Buffer): void {
    this.#zip.addBuffer(bytes, name, { mtime: fileTime, compress: false });
  }

  async end(): Promise<void> {
    this.#zip.end();
    await this.#written;
  }
}

/** `page-007.png`: in a folder the pages stand in their order. */
export function numberedName(base: string, number: number, count: number, extension: string) {
  return `${base}-${String(number).padStart(String(count).length, '0')}.${extension}`;
}
