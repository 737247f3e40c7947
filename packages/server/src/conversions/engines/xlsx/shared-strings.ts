import { EngineError } from '../engine.ts';
import type { Archive } from './archive.ts';
import { ByteText } from './byte-text.ts';
import { readPart } from './xml-part.ts';
import type { PartReading } from './xml-part.ts';
import { localNameIs } from './xml-tokenizer.ts';

const blockBytes = 4 * 1024 * 1024;
const textBytesMax = 256 * 1024 * 1024;
const countMax = 16 * 1024 * 1024;

/**
 * Millions of strings without a million objects: UTF-8 in blocks of 4 MiB, eight bytes an entry.
 * An entry lies in one block; a longer one has a block of its own.
 */
export class SharedStrings {
  count = 0;
  readonly #blocks: Buffer[] = [];
  #tail = Buffer.alloc(0);
  #used = 0;
  #textBytes = 0;
  #block = new Uint16Array(256);
  #start = new Uint32Array(256);
  #length = new Uint32Array(256);

  /** The block that holds an entry; `start` and `end` say where. */
  bytes(index: number): Buffer {
    return this.#blocks[this.#block[index] ?? 0] ?? this.#tail;
  }

  start(index: number): number {
    return this.#start[index] ?? 0;
  }

  end(index: number): number {
    return (this.#start[index] ?? 0) + (this.#length[index] ?? 0);
  }

  /** @throws EngineError `document_too_complex` */
  push(text: ByteText): void {
    const size = text.end - text.start;
    this.#textBytes += size;
    if (this.#textBytes > textBytesMax || this.count === countMax) {
      throw new EngineError('document_too_complex', 'The workbook has too much text.');
    }
    if (this.count === this.#start.length) this.#grow();
    if (this.#used + size > this.#tail.length) {
      this.#tail = Buffer.allocUnsafeSlow(Math.max(blockBytes, size));
      this.#blocks.push(this.#tail);
      this.#used = 0;
    }
    text.bytes.copy(this.#tail, this.#used, text.start, text.end);
    this.#block[this.count] = Math.max(0, this.#blocks.length - 1);
    this.#start[this.count] = this.#used;
    this.#length[this.count] = size;
    this.#used += size;
    this.count += 1;
  }

  #grow(): void {
    this.#block = grown(this.#block, new Uint16Array(2 * this.count));
    this.#start = grown(this.#start, new Uint32Array(2 * this.count));
    this.#length = grown(this.#length, new Uint32Array(2 * this.count));
  }
}

function grown<T extends Uint16Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

/**
 * Reads the shared strings table; phonetic runs are left out, formatted runs joined.
 *
 * @throws EngineError
 */
export async function readSharedStrings(
  archive: Archive,
  part: string | undefined,
  reading: PartReading = {},
): Promise<SharedStrings> {
  const strings = new SharedStrings();
  if (part === undefined) return strings;
  const text = new ByteText();
  let inText = false;
  let phoneticDepth = 0;
  await readPart(
    archive,
    part,
    {
      open(bytes, start, end) {
        if (localNameIs(bytes, start, end, 'rPh')) phoneticDepth += 1;
        else if (localNameIs(bytes, start, end, 't')) inText = phoneticDepth === 0;
        else if (localNameIs(bytes, start, end, 'si')) text.clear();
      },
      close(bytes, start, end) {
        if (localNameIs(bytes, start, end, 't')) inText = false;
        else if (localNameIs(bytes, start, end, 'rPh')) phoneticDepth -= 1;
        else if (localNameIs(bytes, start, end, 'si')) {
          text.decode();
          strings.push(text);
        }
      },
      text(bytes, start, end, plain) {
        if (inText) text.append(bytes, start, end, plain);
      },
    },
    reading,
  );
  return strings;
}
