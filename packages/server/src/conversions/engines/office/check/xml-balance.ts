const depthMax = 5000;
const tagBytesMax = 1024 * 1024;

const lessThan = 0x3c;
const greaterThan = 0x3e;

/** Sections without tags in them, by how they begin and end. */
const sections = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

/**
 * Checks, chunk by chunk, that the tags of an XML part fit together: a cut or spliced part would
 * otherwise become a PDF that silently lacks its end. Bytes of UTF-8; names are compared as bytes.
 */
export class XmlBalance {
  readonly #open: string[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #until: string | null = null;
  #hasRoot = false;

  /** @throws Error saying what does not fit */
  push(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const next = this.#until === null ? this.#readTag(data, at) : this.#skip(data, at);
      if (next === null) break;
      at = next;
    }
    this.#rest = this.#keep(data, at);
    if (this.#rest.length > tagBytesMax) throw new Error('a tag is too long');
  }

  /** @throws Error where the part ends too early */
  end(): void {
    const open = this.#open.at(-1);
    if (open !== undefined) throw new Error(`<${open}> is never closed`);
    if (!this.#hasRoot || this.#rest.length > 0) throw new Error('the part is cut off');
  }

  /** What must be seen again together with the next chunk. */
  #keep(data: Buffer, at: number): Buffer {
    if (this.#until !== null) return data.subarray(Math.max(at, data.length - this.#until.length));
    const start = data.indexOf(lessThan, at);
    return start === -1 ? Buffer.alloc(0) : Buffer.from(data.subarray(start));
  }

  #skip(data: Buffer, at: number): number | null {
    const until = this.#until ?? '';
    const end = data.indexOf(until, at, 'latin1');
    if (end === -1) return null;
    this.#until = null;
    return end + until.length;
  }

  /** Where the next tag ends, or null where it needs more bytes. */
  #readTag(data: Buffer, at: number): number | null {
    const start = data.indexOf(lessThan, at);
    this.#checkOutside(data.subarray(at, start === -1 ? data.length : start));
    if (start === -1) return null;
    const head = data.toString('latin1', start, start + 9);
    for (const [begin, end] of sections) {
      if (!head.startsWith(begin)) continue;
      this.#until = end;
      return start + begin.length;
    }
    if (head.length < 9 && !head.includes('>')) return null;
    if (head.startsWith('<!')) throw new Error('it declares a document type');
    const end = endOfTag(data, start);
    if (end !== null) this.#takeTag(data, start, end);
    return end;
  }

  #takeTag(data: Buffer, start: number, end: number): void {
    const closes = data[start + 1] === 0x2f;
    const text = data.toString('latin1', start + (closes ? 2 : 1), Math.min(end - 1, start + 300));
    const [name = ''] = /^[^\s/>]+/u.exec(text) ?? [];
    if (name === '') throw new Error('a tag has no name');
    if (closes) {
      const open = this.#open.pop();
      if (open !== name) throw new Error(`<${open ?? ''}> is closed by </${name}>`);
      return;
    }
    if (this.#open.length === 0 && this.#hasRoot) throw new Error('it has two roots');
    this.#hasRoot = true;
    if (data[end - 2] === 0x2f) return;
    this.#open.push(name);
    if (this.#open.length > depthMax) throw new Error('it is nested too deeply');
  }

  #checkOutside(text: Buffer): void {
    if (this.#open.length > 0) return;
    for (const byte of text) {
      // White space and the byte order mark.
      if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) {
        throw new Error('there is text outside the root element');
      }
    }
  }
}

/** Behind the `>` that is in no attribute's value. */
function endOfTag(data: Buffer, start: number): number | null {
  let quote = 0;
  for (let at = start; at < data.length; at++) {
    const byte = data[at] ?? 0;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === 0x22 || byte === 0x27) quote = byte;
    else if (byte === greaterThan) return at + 1;
  }
  return null;
}
