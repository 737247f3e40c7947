import { csvTraits, trait } from './byte-traits.ts';
import type { RecordWriter } from './text/record-writer.ts';
import { WideBytes, copyWide } from './wide-bytes.ts';
import { encodeWindows1252 } from './windows-1252.ts';

export type CsvEncoding = 'utf-8' | 'windows-1252' | 'utf-16le';

export interface CsvOptions {
  /** One ASCII character other than the quote and line breaks. */
  readonly delimiter: string;
  readonly newline: 'crlf' | 'lf';
  /** A byte order mark first; Windows-1252 has none. */
  readonly bom: boolean;
  readonly encoding: CsvEncoding;
  /** `minimal` quotes only what a reader would otherwise misread. */
  readonly quote: 'minimal' | 'all';
}

/** Takes finished bytes. The array is reused after the call: copy what must be kept. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
}

const quoteByte = 0x22;
const flushBytes = 128 * 1024;
const byteOrderMarks: Record<CsvEncoding, Buffer> = {
  'utf-8': Buffer.from([0xef, 0xbb, 0xbf]),
  'utf-16le': Buffer.from([0xff, 0xfe]),
  'windows-1252': Buffer.alloc(0),
};

/**
 * Writes RFC 4180 records into a sink, in large pieces.
 *
 * Values are written as they are: a text that begins with `=`, `+`, `-` or `@` is not defused,
 * because that would change the data and is not what Excel does.
 */
export class CsvWriter implements RecordWriter {
  readonly #sink: ByteSink;
  readonly #encoding: CsvEncoding;
  readonly #newline: readonly number[];
  readonly #delimiter: number;
  readonly #quoteAll: boolean;
  /** Neither the option nor the delimiter puts quotes around a number. */
  readonly #digitsAreSafe: boolean;
  /** Of a text's traits, those that force quotes. */
  readonly #quoted: number | undefined;
  /** 1 for the ASCII bytes that force quotes. */
  readonly #special = new Uint8Array(256);
  /** UTF-8; transcoded only when flushed. */
  #wide = new WideBytes(2 * flushBytes);
  #buffer = this.#wide.bytes;
  #length = 0;
  #atRowStart = true;
  #bytesWritten = 0;
  #unencodable = 0;

  constructor(sink: ByteSink, options: CsvOptions) {
    const delimiter = options.delimiter.charCodeAt(0);
    if (options.delimiter.length !== 1 || delimiter > 0x7e || '"\r\n'.includes(options.delimiter)) {
      throw new RangeError(
        'The delimiter must be one ASCII character, no quote and no line break.',
      );
    }
    this.#sink = sink;
    this.#encoding = options.encoding;
    this.#newline = options.newline === 'crlf' ? [0x0d, 0x0a] : [0x0a];
    this.#delimiter = delimiter;
    this.#quoteAll = options.quote === 'all';
    this.#digitsAreSafe = !this.#quoteAll && !/[-.\d]/.test(options.delimiter);
    this.#quoted = csvTraits(delimiter);
    for (const byte of [delimiter, quoteByte, 0x0d, 0x0a]) this.#special[byte] = 1;
    if (options.bom) this.#emit(byteOrderMarks[options.encoding]);
  }

  /** Bytes handed to the sink so far, in the output's encoding. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Characters that the encoding cannot write and that became `?`. */
  get unencodable(): number {
    return this.#unencodable;
  }

  /** Appends one field. */
  field(text: string): void {
    const size = text.length;
    this.#begin(size * 3);
    const start = this.#length;
    if (this.#quoteAll || !this.#copyPlainText(text)) {
      this.#length = start;
      this.#quotedText(text);
    }
  }

  /** Appends an empty text that is not to be taken for a missing value: `""`. */
  emptyText(): void {
    this.#begin(0);
    this.#quotedText('');
  }

  /** Appends one field that is already UTF-8, without decoding it. */
  fieldBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#begin(end - start);
    const buffer = this.#buffer;
    const special = this.#special;
    let at = this.#length;
    if (!this.#quoteAll) {
      let index = start;
      for (; index < end; index += 1) {
        const byte = bytes[index] as number;
        if (special[byte] === 1) break;
        buffer[at] = byte;
        at += 1;
      }
      if (index === end) {
        this.#length = at;
        return;
      }
    }
    this.#quotedBytes(bytes, start, end);
  }

  /** Like `fieldBytes`, for a text whose traits are known: it is copied without a look. */
  traitedBytes(text: WideBytes, start: number, end: number, traits: number): void {
    if (this.#quoted === undefined || this.#quoteAll)
      return this.fieldBytes(text.bytes, start, end);
    this.#begin(end - start);
    if ((traits & this.#quoted) === 0) {
      this.#length = copyWide(this.#wide, this.#length, text, start, end);
    } else if ((traits & trait.quote) === 0) {
      const buffer = this.#buffer;
      buffer[this.#length] = quoteByte;
      const at = copyWide(this.#wide, this.#length + 1, text, start, end);
      buffer[at] = quoteByte;
      this.#length = at + 1;
    } else this.#quotedBytes(text.bytes, start, end);
  }

  header(names: readonly string[]): void {
    for (const name of names) this.field(name);
    this.endRow();
  }

  /** CSV has no types: like any field. */
  literal(text: string): void {
    this.field(text);
  }

  literalBytes(bytes: Uint8Array, start: number, end: number): void {
    this.digitBytes(bytes, start, end);
  }

  /** Like `fieldBytes`, for what only an odd delimiter could force quotes on. */
  digitBytes(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#digitsAreSafe) return this.fieldBytes(bytes, start, end);
    this.#begin(end - start);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let index = start; index < end; index += 1) buffer[at++] = bytes[index] as number;
    this.#length = at;
  }

  /** Appends empty fields. */
  emptyFields(count: number): void {
    if (this.#quoteAll) {
      for (let index = 0; index < count; index += 1) {
        this.#begin(0);
        this.#quotedText('');
      }
      return;
    }
    let delimiters = this.#atRowStart ? count - 1 : count;
    if (count > 0) this.#atRowStart = false;
    while (delimiters > 0) {
      const some = Math.min(delimiters, flushBytes);
      if (this.#length + some + 8 > this.#buffer.length) this.flush();
      this.#buffer.fill(this.#delimiter, this.#length, this.#length + some);
      this.#length += some;
      delimiters -= some;
    }
  }

  /** Ends the record. */
  endRow(): void {
    for (const byte of this.#newline) {
      this.#buffer[this.#length] = byte;
      this.#length += 1;
    }
    this.#atRowStart = true;
    if (this.#length >= flushBytes) this.flush();
  }

  /** Hands everything written so far to the sink. Call it once more at the end. */
  flush(): void {
    if (this.#length === 0) return;
    const utf8 = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#encoding === 'utf-8') return this.#emit(utf8);
    const text = utf8.toString('utf8');
    if (this.#encoding === 'utf-16le') return this.#emit(Buffer.from(text, 'utf16le'));
    const { bytes, unencodable } = encodeWindows1252(text);
    this.#unencodable += unencodable;
    this.#emit(bytes);
  }

  #emit(bytes: Uint8Array): void {
    this.#bytesWritten += bytes.length;
    if (bytes.length > 0) this.#sink.write(bytes);
  }

  /** Makes room for a field of `size` bytes, its quotes and the row's end; writes the delimiter. */
  #begin(size: number): void {
    const room = 2 * size + 8;
    if (this.#length + room > this.#buffer.length) {
      this.flush();
      if (room > this.#buffer.length) {
        this.#wide = new WideBytes(room);
        this.#buffer = this.#wide.bytes;
      }
    }
    if (this.#atRowStart) {
      this.#atRowStart = false;
      return;
    }
    this.#buffer[this.#length] = this.#delimiter;
    this.#length += 1;
  }

  /** False, with nothing kept, when the text needs quotes. */
  #copyPlainText(text: string): boolean {
    const buffer = this.#buffer;
    const special = this.#special;
    let at = this.#length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return this.#copyWideText(text);
      if (special[code] === 1) return false;
      buffer[at] = code;
      at += 1;
    }
    this.#length = at;
    return true;
  }

  #copyWideText(text: string): boolean {
    for (let index = 0; index < text.length; index += 1) {
      if (this.#special[text.charCodeAt(index)] === 1) return false;
    }
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
    return true;
  }

  #quotedText(text: string): void {
    const escaped = text.includes('"') ? text.replaceAll('"', '""') : text;
    this.#length += this.#buffer.write(`"${escaped}"`, this.#length, 'utf8');
  }

  #quotedBytes(bytes: Uint8Array, start: number, end: number): void {
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = quoteByte;
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] as number;
      if (byte === quoteByte) buffer[at++] = quoteByte;
      buffer[at++] = byte;
    }
    buffer[at++] = quoteByte;
    this.#length = at;
  }
}
