import { createReadStream } from 'node:fs';
import { damaged, invalid, tooComplex } from './refusals.ts';

const depthMax = 1000;
const keptBytes = 256 * 1024;

const backslash = 0x5c;
const opening = 0x7b;
const closing = 0x7d;

/**
 * Follows the groups of an RTF file: it must begin as one and end with the group that it began
 * with. Else LibreOffice makes a PDF of what there is.
 *
 * @returns its first bytes, which have the table of fonts
 * @throws EngineError `document_invalid`, `document_too_complex`
 */
export async function checkRtf(path: string): Promise<string> {
  const groups = new RtfGroups();
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (bytes === 0 && !chunk.subarray(0, 5).equals(Buffer.from('{\\rtf'))) {
      throw invalid('The file is not an RTF document.');
    }
    if (bytes < keptBytes) kept.push(chunk);
    bytes += chunk.length;
    groups.push(chunk);
  }
  if (!groups.isWhole) throw damaged('it is cut off, or has a bracket too many or too few');
  return Buffer.concat(kept).toString('latin1', 0, keptBytes);
}

/** Counts brackets; those behind a backslash and in binary data (`\binN`) are none. */
class RtfGroups {
  #depth = 0;
  #closed = false;
  /** The control word under way, from its backslash on. */
  #word: string | null = null;
  #binaryLeft = 0;

  get isWhole(): boolean {
    return this.#closed;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at++) {
      if (this.#binaryLeft > 0) {
        const skipped = Math.min(this.#binaryLeft, chunk.length - at);
        this.#binaryLeft -= skipped;
        at += skipped - 1;
        continue;
      }
      this.#take(chunk[at] ?? 0);
    }
  }

  #take(byte: number): void {
    if (this.#word !== null && this.#continues(byte)) return;
    if (byte === backslash) this.#word = '';
    else if (byte === opening) this.#open();
    else if (byte === closing) this.#close();
    // What follows the last bracket: line ends, and the zero that some programs write.
    else if (this.#closed && byte > 0x20) throw damaged('there is text behind its end');
  }

  /** Whether the byte belongs to the control word, or ends it as its delimiter. */
  #continues(byte: number): boolean {
    const word = this.#word ?? '';
    const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    const digit = (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
    if (word === '' && !letter) {
      this.#word = null;
      return true;
    }
    if (letter || digit) {
      if (word.length > 100) throw damaged('a control word is too long');
      this.#word = word + String.fromCharCode(byte);
      return true;
    }
    this.#word = null;
    const [, length] = /^bin(\d{1,9})$/u.exec(word) ?? [];
    if (length !== undefined) this.#binaryLeft = Number(length);
    return byte === 0x20;
  }

  #open(): void {
    if (this.#closed) throw damaged('there is text behind its end');
    this.#depth += 1;
    if (this.#depth > depthMax) throw tooComplex(`groups nested more than ${depthMax} deep`);
  }

  #close(): void {
    this.#depth -= 1;
    if (this.#depth < 0) throw damaged('it has a bracket too many');
    this.#closed = this.#depth === 0;
  }
}
