import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { ZipFile } from 'yazl';

import { firstParts, lastParts, sheetPart } from './package-parts.ts';

/** Equal inputs give equal bytes. */
const entryTime = new Date('2000-01-01T00:00:00Z');
/** As Excel does: level 6 takes three times as long for a sixth less. */
const compressionLevel = 1;
const entryOptions = { mtime: entryTime, mode: 0o100644, compressionLevel };

/** An XLSX file that is written part after part; holds no more than a few pieces in memory. */
export class WorkbookFile {
  readonly #zip = new ZipFile();
  readonly #written: Promise<void>;
  readonly #failed: Promise<never>;
  readonly #names: string[] = [];
  readonly #abort = new AbortController();
  #sheet: PassThrough | null = null;

  constructor(path: string, signal: AbortSignal) {
    const zip = this.#zip;
    const failed = new Promise<never>((_, reject) => zip.once('error', reject));
    this.#written = pipeline(zip.outputStream, createWriteStream(path), {
      signal: AbortSignal.any([signal, this.#abort.signal]),
    });
    this.#failed = Promise.race([failed, this.#written.then(() => failed)]);
    // Told to whoever waits next.
    this.#failed.catch(() => undefined);
    for (const [name, xml] of firstParts) zip.addBuffer(Buffer.from(xml), name, entryOptions);
  }

  get sheetCount(): number {
    return this.#names.length;
  }

  /** Ends the sheet before it and begins another one. */
  beginSheet(name: string): void {
    this.#sheet?.end();
    this.#sheet = new PassThrough({ highWaterMark: 1024 * 1024 });
    this.#zip.addReadStream(this.#sheet, sheetPart(this.#names.length), entryOptions);
    this.#names.push(name);
  }

  write(xml: string): void {
    this.#sheet?.write(xml);
  }

  /** Waits until most of what was written has left memory. */
  async drained(): Promise<void> {
    if (this.#sheet?.writableNeedDrain !== true) return;
    await Promise.race([once(this.#sheet, 'drain'), this.#failed]);
  }

  async end(): Promise<void> {
    this.#sheet?.end();
    for (const [name, xml] of lastParts(this.#names)) {
      this.#zip.addBuffer(Buffer.from(xml), name, entryOptions);
    }
    this.#zip.end();
    await Promise.race([this.#written, this.#failed]);
  }

  /** Lets go of everything after an error. */
  destroy(): void {
    this.#sheet?.destroy();
    this.#abort.abort();
  }
}
