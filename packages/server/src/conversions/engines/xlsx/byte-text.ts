import { EngineError } from '../engine.ts';
import { decodeCommonEntities, decodeText } from './xml-text.ts';

const textBytesMax = 16 * 1024 * 1024;

/**
 * A text gathered from XML: a range of the source where it came in one piece, a copy where not.
 * `bytes`, `start` and `end` are UTF-8, decoded when `plain`; valid until the next `append`.
 */
export class ByteText {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  plain = true;
  #pieces = 0;
  /** Doubles, so that a text in a million pieces costs no more than one in two. */
  #copy = Buffer.alloc(0);

  clear(): void {
    this.start = 0;
    this.end = 0;
    this.plain = true;
    this.#pieces = 0;
  }

  /** Takes one plain range, in place of what was there. */
  set(bytes: Buffer, start: number, end: number): void {
    // Storing a reference costs more than asking whether it is there.
    if (this.bytes !== bytes) this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.plain = true;
    this.#pieces = 1;
  }

  append(bytes: Buffer, start: number, end: number, plain: boolean): void {
    this.#pieces += 1;
    if (this.#pieces === 1) {
      this.bytes = bytes;
      this.start = start;
      this.end = end;
      this.plain = plain;
      return;
    }
    this.decode();
    if (plain) this.#add(bytes, start, end);
    else this.#addText(decodeText(bytes, start, end));
  }

  /** Makes the range plain. */
  decode(): void {
    if (this.plain) return;
    if (this.#decodeEntities()) return;
    const text = decodeText(this.bytes, this.start, this.end);
    this.clear();
    this.#pieces = 1;
    this.#addText(text);
  }

  /** Copies the range; short ones byte by byte, which is quicker than a call into the runtime. */
  copyTo(target: Buffer, at: number): void {
    const { bytes, start, end } = this;
    if (end - start > 64) {
      bytes.copy(target, at, start, end);
      return;
    }
    for (let index = start; index < end; index += 1) {
      target[at + index - start] = bytes[index] as number;
    }
  }

  toString(): string {
    this.decode();
    return this.bytes.toString('utf8', this.start, this.end);
  }

  /** `&amp;` and the like, in bytes; false, with nothing changed, when there is more to do. */
  #decodeEntities(): boolean {
    const size = this.end - this.start;
    if (size > this.#copy.length) this.#copy = Buffer.allocUnsafeSlow(2 * size + 256);
    else if (this.bytes === this.#copy) return false;
    const length = decodeCommonEntities(this.bytes, this.start, this.end, this.#copy);
    if (length < 0) return false;
    this.set(this.#copy, 0, length);
    return true;
  }

  #addText(text: string): void {
    const piece = Buffer.from(text);
    this.#add(piece, 0, piece.length);
  }

  #add(bytes: Buffer, start: number, end: number): void {
    const size = this.end - this.start;
    const total = size + end - start;
    if (total > textBytesMax) {
      throw new EngineError('document_too_complex', 'A text in the workbook is too long.');
    }
    const source = this.bytes;
    if (source !== this.#copy || total > this.#copy.length) {
      const target =
        total > this.#copy.length ? Buffer.allocUnsafeSlow(2 * total + 256) : this.#copy;
      source.copy(target, 0, this.start, this.end);
      this.#copy = target;
      this.bytes = target;
      this.start = 0;
    }
    bytes.copy(this.#copy, size, start, end);
    this.end = total;
  }
}
