import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable, type TransformOptions } from 'node:stream';
import { crc32, createInflateRaw, type ZlibOptions } from 'node:zlib';

import { openPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';

import { EngineError } from '../engine.ts';
import { refuseUnlessZip } from './container.ts';

export interface ArchiveLimits {
  readonly entriesMax: number;
  /** Of all entries read, together. */
  readonly inflatedBytesMax: number;
  /** Inflated to packed size of one entry; judged only past the grace size. */
  readonly ratioMax: number;
  readonly ratioGraceBytes: number;
}

/** An honest workbook inflates up to 69 times; deflate itself ends at 1,032. */
const defaultLimits: ArchiveLimits = {
  entriesMax: 100_000,
  inflatedBytesMax: 4 * 1024 ** 3,
  ratioMax: 200,
  ratioGraceBytes: 64 * 1024 ** 2,
};

/** Inflated by another thread while this one reads what came before. */
const inflateOptions: ZlibOptions & TransformOptions = {
  chunkSize: 256 * 1024,
  highWaterMark: 1024 * 1024,
};
/** Large enough to keep the inflating thread busy. */
const packedPieceBytes = 512 * 1024;
const deflated = 8;
const stored = 0;

/**
 * The parts of an OOXML package. Names are only keys here, in lower case and with `/`: nothing is
 * ever written under them.
 */
export class Archive {
  readonly #zip: ZipFile;
  readonly #file: FileHandle;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #limits: ArchiveLimits;
  #inflatedBytes = 0;

  private constructor(
    zip: ZipFile,
    file: FileHandle,
    entries: Map<string, Entry>,
    limits: ArchiveLimits,
  ) {
    this.#zip = zip;
    this.#file = file;
    this.#entries = entries;
    this.#limits = limits;
  }

  /**
   * Opens a package and reads its directory.
   *
   * @throws EngineError `document_encrypted` for a protected workbook (a compound file, ECMA-376
   * part 2), `document_invalid` for anything that is no zip, `document_too_complex` over a bound.
   */
  static async open(path: string, limits: ArchiveLimits = defaultLimits): Promise<Archive> {
    await refuseUnlessZip(path);
    // Raw names: yauzl would refuse the backslashes that some programs write.
    const options = { autoClose: false, decodeStrings: false };
    const zip = await openPromise(path, options).catch((error: unknown) => {
      throw damaged('The file is cut off or damaged: its zip directory cannot be read.', error);
    });
    try {
      const entries = await readDirectory(zip, limits);
      return new Archive(zip, await open(path), entries, limits);
    } catch (error) {
      zip.close();
      throw error instanceof EngineError ? error : damaged('The zip directory is damaged.', error);
    }
  }

  get names(): Iterable<string> {
    return this.#entries.keys();
  }

  has(name: string): boolean {
    return this.#entries.has(keyOf(name));
  }

  /** Declared inflated size in bytes: good for progress, never for trust. */
  sizeBytes(name: string): number {
    return this.#entries.get(keyOf(name))?.uncompressedSize ?? 0;
  }

  /**
   * Inflates one part piece by piece, checking its size and checksum at the end. A piece is never
   * reused, so slices of it stay valid.
   *
   * @throws EngineError
   */
  async *chunks(name: string): AsyncGenerator<Buffer, void, undefined> {
    const entry = this.#entries.get(keyOf(name));
    if (entry === undefined) throw damaged(`The part ${name} is missing from the workbook.`);
    let size = 0;
    let checksum = 0;
    try {
      for await (const chunk of await this.#openStream(entry)) {
        size += chunk.length;
        this.#count(entry, size, chunk.length);
        checksum = crc32(chunk, checksum);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof EngineError ? error : damaged(`The part ${name} is damaged.`, error);
    }
    if (size !== entry.uncompressedSize || checksum !== entry.crc32) {
      throw damaged(`The part ${name} is damaged: its checksum is wrong.`);
    }
  }

  async close(): Promise<void> {
    this.#zip.close();
    await this.#file.close();
  }

  async #openStream(entry: Entry): Promise<AsyncIterable<Buffer>> {
    if (entry.isEncrypted()) {
      throw new EngineError('document_encrypted', 'The archive is encrypted; remove the password.');
    }
    if (entry.compressionMethod !== deflated && entry.compressionMethod !== stored) {
      throw damaged(`Compression method ${entry.compressionMethod} is not used in workbooks.`);
    }
    const { fileDataStart } = await this.#zip.readLocalFileHeaderPromise(entry, { minimal: true });
    const packed = piecesOf(this.#file, fileDataStart, entry.compressedSize);
    if (entry.compressionMethod === stored) return packed;
    // Errors arrive through the iteration of the last stream.
    return pipeline(
      Readable.from(packed, { highWaterMark: 2 }),
      createInflateRaw(inflateOptions),
      () => undefined,
    );
  }

  #count(entry: Entry, entryBytes: number, chunkBytes: number): void {
    const { inflatedBytesMax, ratioMax, ratioGraceBytes } = this.#limits;
    this.#inflatedBytes += chunkBytes;
    const ratio = entryBytes / Math.max(1, entry.compressedSize);
    if (
      this.#inflatedBytes > inflatedBytesMax ||
      (entryBytes > ratioGraceBytes && ratio > ratioMax)
    ) {
      throw new EngineError(
        'document_too_complex',
        `The workbook inflates to more than ${inflatedBytesMax} bytes, or more than ${ratioMax} ` +
          'times its size.',
      );
    }
  }
}

async function* piecesOf(file: FileHandle, start: number, size: number): AsyncGenerator<Buffer> {
  for (let read = 0; read < size;) {
    const piece = Buffer.allocUnsafe(Math.min(packedPieceBytes, size - read));
    const { bytesRead } = await file.read(piece, 0, piece.length, start + read);
    if (bytesRead === 0) throw damaged('The file is cut off.');
    yield piece.subarray(0, bytesRead);
    read += bytesRead;
  }
}

async function readDirectory(zip: ZipFile, limits: ArchiveLimits): Promise<Map<string, Entry>> {
  if (zip.entryCount > limits.entriesMax) {
    throw new EngineError(
      'document_too_complex',
      `The file has ${zip.entryCount} parts; at most ${limits.entriesMax} are read.`,
    );
  }
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const key = keyOf(entry.fileNameRaw.toString('utf8'));
    if (!entries.has(key)) entries.set(key, entry);
  }
  return entries;
}

/** Part names are compared without case (ECMA-376 part 2, 6.3.5). */
function keyOf(name: string): string {
  return name.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase();
}

function damaged(message: string, cause?: unknown): EngineError {
  return new EngineError('document_invalid', message, cause);
}
