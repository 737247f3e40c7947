import { isUtf8 } from 'node:buffer';

import { jsonTraits } from './byte-traits.ts';
import type { ByteSink } from './csv-writer.ts';
import { WideBytes, copyWide } from './wide-bytes.ts';

const flushBytes = 128 * 1024;
const quoteByte = 0x22;

/** 1 for the bytes that a JSON string must escape (RFC 8259, 7). */
const escaped = new Uint8Array(256).fill(1, 0, 0x20);
for (const mark of '"\\') escaped[mark.charCodeAt(0)] = 1;

/** Writes the pieces of a JSON text into a sink, in large pieces; what goes where is the caller's. */
export class JsonWriter {
  readonly #sink: ByteSink;
  #wide = new WideBytes(2 * flushBytes);
  #buffer = this.#wide.bytes;
  #length = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Brackets, keys, numbers: what is JSON already. */
  bytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#makeRoom(end - start);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let index = start; index < end; index += 1) buffer[at++] = bytes[index] as number;
    this.#length = at;
  }

  raw(text: string): void {
    this.#makeRoom(3 * text.length);
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
  }

  /** A string. */
  text(text: string): void {
    this.raw(JSON.stringify(text.toWellFormed()));
  }

  /** A string that is UTF-8 already. */
  textBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#makeRoom(end - start + 2);
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = quoteByte;
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] as number;
      if (escaped[byte] === 1) {
        return this.text(Buffer.from(bytes.subarray(start, end)).toString('utf8'));
      }
      buffer[at++] = byte;
    }
    buffer[at++] = quoteByte;
    this.#length = at;
  }

  /** Like `textBytes`, for a text whose traits are known: it is copied without a look. */
  traitedBytes(text: WideBytes, start: number, end: number, traits: number): void {
    if ((traits & jsonTraits) !== 0) return this.textBytes(text.bytes, start, end);
    this.#makeRoom(end - start + 2);
    const buffer = this.#buffer;
    buffer[this.#length] = quoteByte;
    const at = copyWide(this.#wide, this.#length + 1, text, start, end);
    buffer[at] = quoteByte;
    this.#length = at + 1;
  }

  /** Hands everything written so far to the sink. Call it once more at the end. */
  flush(): void {
    if (this.#length === 0) return;
    const written = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    // A document may hold bytes that are no UTF-8, and JSON must be.
    this.#sink.write(isUtf8(written) ? written : Buffer.from(written.toString('utf8')));
  }

  #makeRoom(size: number): void {
    if (this.#length + size <= flushBytes) return;
    this.flush();
    if (size <= this.#buffer.length) return;
    this.#wide = new WideBytes(size);
    this.#buffer = this.#wide.bytes;
  }
}
