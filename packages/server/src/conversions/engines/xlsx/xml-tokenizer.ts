import { EngineError } from '../engine.ts';
import { decodeXml } from './xml-text.ts';

/**
 * Receives tokens as byte ranges of `bytes`, which stays valid after the call. Names are local
 * names: the prefix is left out, namespaces are not looked at.
 */
export interface XmlHandler {
  /** `attributes` is only valid during the call. */
  open(bytes: Buffer, nameStart: number, nameEnd: number, attributes: XmlAttributes): void;
  /** Also called for `<a/>`, directly after `open`. */
  close(bytes: Buffer, nameStart: number, nameEnd: number): void;
  /** `plain`: the range holds no `&`, no `_` and no carriage return, or comes from CDATA. */
  text(bytes: Buffer, start: number, end: number, plain: boolean): void;
  /**
   * A handler may read a whole well-known element itself, for speed: called at each `<`, it gives
   * the position after what it has consumed, or `start` for nothing.
   */
  shortcut?(bytes: Buffer, start: number): number;
}

const attributesMax = 256;

/** The attributes of one start tag, as byte ranges in the same bytes as the tag's name. */
export class XmlAttributes {
  /** Four offsets an attribute: start and end of the local name, start and end of the value. */
  readonly offsets = new Int32Array(4 * attributesMax);
  count = 0;

  /** The decoded value of the attribute with this local name. */
  get(bytes: Buffer, name: string): string | undefined {
    for (let at = 0; at < 4 * this.count; at += 4) {
      if (bytes.toString('latin1', this.offsets[at], this.offsets[at + 1]) !== name) continue;
      return decodeXml(bytes.toString('utf8', this.offsets[at + 2], this.offsets[at + 3]));
    }
    return undefined;
  }
}

/** A tag, comment or text longer than this is refused: Excel's longest text has 32,767 letters. */
const tokenBytesMax = 16 * 1024 * 1024;
/** Most tokens are shorter. */
const seamBytes = 1024;

const lessThan = 0x3c;
const greaterThan = 0x3e;
const slash = 0x2f;
const colon = 0x3a;
const equals = 0x3d;
const doubleQuote = 0x22;
const singleQuote = 0x27;
const exclamation = 0x21;
const question = 0x3f;
const ampersand = 0x26;
const underscore = 0x5f;
const carriageReturn = 0x0d;
const space = 0x20;

/**
 * Cuts UTF-8 XML into tags and texts, piece by piece, without building anything.
 *
 * Not a validating parser: end tags are counted, not compared, and text outside the root (a byte
 * order mark, say) is passed on. A document type declaration is
 * refused, so there are no entities beyond the five of XML.
 */
export class XmlTokenizer {
  readonly #attributes = new XmlAttributes();
  readonly #handler: XmlHandler;
  /** An unfinished token, then what has come after it. */
  #waiting: Buffer[] = [];
  #unfinishedBytes = 0;
  #waitingBytes = 0;
  #depth = 0;
  #rootSeen = false;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** @throws EngineError `document_invalid` or `document_too_complex` */
  write(chunk: Buffer): void {
    const rest = this.#finishToken(chunk);
    this.#waiting.push(rest);
    this.#waitingBytes += rest.length;
    // A long token is only looked at again when it may have doubled: linear time for any length.
    if (this.#waitingBytes >= this.#unfinishedBytes) this.#tokenize();
  }

  /** @throws EngineError `document_invalid` when the document is not complete. */
  end(): void {
    this.#tokenize();
    const rest = Buffer.concat(this.#waiting).toString('latin1').trim();
    if (rest !== '' || this.#depth !== 0 || !this.#rootSeen) throw malformed('it is cut off');
  }

  /**
   * Reads the token that lies across two pieces from a short copy of both ends, and gives what is
   * left of the second. Joining all of both would be a copy of the whole document.
   */
  #finishToken(chunk: Buffer): Buffer {
    const [start] = this.#waiting;
    if (start === undefined || this.#waiting.length > 1) return chunk;
    if (start.length > seamBytes || chunk.length <= seamBytes) return chunk;
    const end = this.#readTokens(Buffer.concat([start, chunk.subarray(0, seamBytes)]));
    if (end < start.length) {
      this.#waiting = [start.subarray(end)];
      return chunk;
    }
    this.#waiting = [];
    this.#unfinishedBytes = 0;
    return chunk.subarray(end - start.length);
  }

  #tokenize(): void {
    const [only] = this.#waiting;
    const isOne = only !== undefined && this.#waiting.length === 1;
    const bytes = isOne ? only : Buffer.concat(this.#waiting);
    const at = this.#readTokens(bytes);
    this.#unfinishedBytes = bytes.length - at;
    this.#waitingBytes = 0;
    this.#waiting = at < bytes.length ? [bytes.subarray(at)] : [];
    if (this.#unfinishedBytes > tokenBytesMax) {
      throw new EngineError('document_too_complex', 'A text in the workbook is too long.');
    }
  }

  /** Gives the position of the first token that is not complete. */
  #readTokens(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length) {
      const next = bytes[at] === lessThan ? this.#markup(bytes, at) : this.#text(bytes, at);
      if (next < 0) break;
      at = next;
    }
    return at;
  }

  /** Like every scanner here: the position after the token, or -1 when more bytes are needed. */
  #text(bytes: Buffer, start: number): number {
    let plain = true;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === lessThan) {
        this.#handler.text(bytes, start, at, plain);
        return at;
      }
      if (byte === ampersand || byte === underscore || byte === carriageReturn) plain = false;
    }
    return -1;
  }

  #markup(bytes: Buffer, start: number): number {
    const consumed = this.#handler.shortcut?.(bytes, start) ?? start;
    if (consumed > start) return consumed;
    if (start + 1 >= bytes.length) return -1;
    const second = bytes[start + 1];
    if (second === slash) return this.#endTag(bytes, start + 2);
    if (second === exclamation) return this.#declaration(bytes, start);
    if (second === question) return after(bytes, '?>', start + 2);
    return this.#startTag(bytes, start + 1);
  }

  #declaration(bytes: Buffer, start: number): number {
    if (bytes.length - start < 9) return -1;
    const head = bytes.toString('latin1', start, start + 9);
    if (head.startsWith('<!--')) return after(bytes, '-->', start + 4);
    if (head !== '<![CDATA[') throw malformed('it has a document type declaration');
    const end = after(bytes, ']]>', start + 9);
    if (end >= 0) this.#handler.text(bytes, start + 9, end - 3, true);
    return end;
  }

  #endTag(bytes: Buffer, start: number): number {
    let nameStart = start;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === colon) nameStart = at + 1;
      if (byte !== greaterThan) continue;
      let nameEnd = at;
      while (nameEnd > nameStart && (bytes[nameEnd - 1] as number) <= space) nameEnd -= 1;
      this.#depth -= 1;
      if (this.#depth < 0) throw malformed('an end tag has no start');
      this.#handler.close(bytes, nameStart, nameEnd);
      return at + 1;
    }
    return -1;
  }

  #startTag(bytes: Buffer, start: number): number {
    let nameStart = start;
    let at = start;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte <= space || byte === greaterThan || byte === slash) break;
      if (byte === colon) nameStart = at + 1;
    }
    const nameEnd = at;
    at = this.#readAttributes(bytes, at);
    if (at < 0) return -1;
    this.#rootSeen = true;
    this.#handler.open(bytes, nameStart, nameEnd, this.#attributes);
    if (bytes[at] === slash) {
      this.#handler.close(bytes, nameStart, nameEnd);
      return at + 2;
    }
    this.#depth += 1;
    return at + 1;
  }

  /** The position of the tag's `>`, or of the `/` before it; -1 when the tag is not complete. */
  #readAttributes(bytes: Buffer, start: number): number {
    const length = bytes.length;
    let at = start;
    let count = 0;
    for (;;) {
      while (at < length && (bytes[at] as number) <= space) at += 1;
      if (at >= length) return -1;
      const byte = bytes[at] as number;
      if (byte === greaterThan) break;
      if (byte === slash) {
        if (at + 1 >= length) return -1;
        if (bytes[at + 1] !== greaterThan) throw malformed('a tag is damaged');
        break;
      }
      const value = this.#attributeName(bytes, at, count);
      if (value < 0) return -1;
      at = this.#attributeValue(bytes, value, count);
      if (at < 0) return -1;
      count += 1;
    }
    this.#attributes.count = count;
    return at;
  }

  #attributeName(bytes: Buffer, start: number, index: number): number {
    if (index >= attributesMax) throw malformed('a tag has too many attributes');
    let nameStart = start;
    let nameEnd = -1;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === equals) {
        this.#attributes.offsets[4 * index] = nameStart;
        this.#attributes.offsets[4 * index + 1] = nameEnd < 0 ? at : nameEnd;
        return at + 1;
      }
      if (byte === colon) nameStart = at + 1;
      else if (byte <= space && nameEnd < 0) nameEnd = at;
      else if (byte === greaterThan || byte === lessThan) throw malformed('a tag is damaged');
    }
    return -1;
  }

  #attributeValue(bytes: Buffer, start: number, index: number): number {
    let at = start;
    while (at < bytes.length && (bytes[at] as number) <= space) at += 1;
    if (at >= bytes.length) return -1;
    const quote = bytes[at];
    if (quote !== doubleQuote && quote !== singleQuote) throw malformed('a tag is damaged');
    at += 1;
    this.#attributes.offsets[4 * index + 2] = at;
    for (; at < bytes.length; at += 1) {
      if (bytes[at] !== quote) continue;
      this.#attributes.offsets[4 * index + 3] = at;
      return at + 1;
    }
    return -1;
  }
}

function after(bytes: Buffer, mark: string, from: number): number {
  const index = bytes.indexOf(mark, from, 'latin1');
  return index < 0 ? -1 : index + mark.length;
}

function malformed(reason: string): EngineError {
  return new EngineError('document_invalid', `The workbook is damaged: in its XML, ${reason}.`);
}

/** Compares a name token without making a string. */
export function localNameIs(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}
