import { traitBits, traitsOf } from '../byte-traits.ts';
import { EngineError } from '../engine.ts';
import { WideBytes } from '../wide-bytes.ts';
import type { Archive } from './archive.ts';
import { ByteText } from './byte-text.ts';
import { readPart } from './xml-part.ts';
import type { PartReading } from './xml-part.ts';
import { localNameIs } from './xml-tokenizer.ts';

const blockBits = 22;
const blockBytes = 2 ** blockBits;
/** Of one text; ByteText ends at 2^24. */
const lengthBits = 32 - traitBits;
const lengthMax = 2 ** lengthBits - 1;
const textBytesMax = 256 * 1024 * 1024;
const countMax = 16 * 1024 * 1024;

/**
 * Millions of strings without a million objects: UTF-8 in blocks of 4 MiB, eight bytes an entry.
 * An entry lies in one block; a longer one has a block of its own.
 */
export class SharedStrings {
  count = 0;
  readonly #blocks = [new WideBytes(0)];
  #tail = new WideBytes(0);
  #tailBytes = 0;
  #used = 0;
  #textBytes = 0;
  /**
   * Two numbers an entry, side by side, because a lookup is a cache miss each: the block times
   * 2^22 plus the start in it, and the length with the text's traits above it.
   */
  #index = new Uint32Array(2 * 256);

  /** The block that holds an entry; `start` and `end` say where. */
  block(entry: number): WideBytes {
    return this.#blocks[(this.#index[2 * entry] ?? 0) >>> blockBits] ?? this.#tail;
  }

  start(entry: number): number {
    return (this.#index[2 * entry] ?? 0) & (blockBytes - 1);
  }

  end(entry: number): number {
    return this.start(entry) + ((this.#index[2 * entry + 1] ?? 0) & lengthMax);
  }

  traits(entry: number): number {
    return (this.#index[2 * entry + 1] ?? 0) >>> lengthBits;
  }

  /** @throws EngineError `document_too_complex` */
  push(text: ByteText): void {
    const size = text.end - text.start;
    this.#textBytes += size;
    if (this.#textBytes > textBytesMax || this.count === countMax) {
      throw new EngineError('document_too_complex', 'The workbook has too much text.');
    }
    if (2 * this.count === this.#index.length) {
      const larger = new Uint32Array(4 * this.count);
      larger.set(this.#index);
      this.#index = larger;
    }
    if (this.#used + size > this.#tailBytes || this.#used >= blockBytes) {
      this.#tailBytes = Math.max(blockBytes, size);
      this.#tail = new WideBytes(this.#tailBytes);
      this.#blocks.push(this.#tail);
      this.#used = 0;
    }
    text.copyTo(this.#tail.bytes, this.#used);
    const traits = traitsOf(text.bytes, text.start, text.end);
    this.#index[2 * this.count] = (this.#blocks.length - 1) * blockBytes + this.#used;
    this.#index[2 * this.count + 1] = (traits << lengthBits) | size;
    this.#used += size;
    this.count += 1;
  }
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
