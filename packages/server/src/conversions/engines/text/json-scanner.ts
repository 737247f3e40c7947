import { EngineError } from '../engine.ts';

/** Levels of arrays and objects. */
const depthMax = 100;

/** Thrown where the text ends inside a value and more may come. */
export const incomplete = new Error('incomplete');

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What a number that is cut off could still go on with. */
const numberCharacters = /[-+.eE\d]*/y;

const quote = 0x22;
const backslash = 0x5c;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const comma = 0x2c;
const colon = 0x3a;

/**
 * Reads JSON (RFC 8259, strictly) token by token from text that may go on later.
 *
 * `JSON.parse` would lose what a CSV must keep: the digits of a number as they are written, and the
 * order of keys that look like numbers.
 */
export class JsonScanner {
  text = '';
  at = 0;
  /** No more text will come. */
  final = false;
  /** Characters before `text`, and elements read so far: for messages. */
  charsBefore = 0;
  elements = 0;
  /** Strings read that held half a surrogate pair, which no encoding can write. */
  loneSurrogates = 0;

  /** The code of the next character that is not white space. */
  peek(): number {
    const text = this.text;
    const size = text.length;
    for (let at = this.at; at < size; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) continue;
      this.at = at;
      return code;
    }
    return this.#end();
  }

  isContainer(code: number): boolean {
    return code === openObject || code === openArray;
  }

  isObject(code: number): boolean {
    return code === openObject;
  }

  /** A string, unescaped. */
  string(): string {
    const text = this.text;
    const size = text.length;
    const start = this.at + 1;
    let escaped = false;
    // Never read past the end: one such read makes charCodeAt several times slower for good.
    for (let at = start; at < size; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.at = at + 1;
        return escaped ? this.#unescape(start - 1, at + 1) : text.slice(start, at);
      }
      if (code === backslash) {
        escaped = true;
        at += 1;
      } else if (code < 0x20) {
        this.at = at;
        this.fail('control characters must be escaped in a string');
      }
    }
    return this.#end();
  }

  /** A number as it is written, `true`, `false` or `null`. */
  scalar(code: number): string {
    if (code === 0x74) return this.#word('true');
    if (code === 0x66) return this.#word('false');
    if (code === 0x6e) return this.#word('null');
    numberPattern.lastIndex = this.at;
    const matched = numberPattern.test(this.text) ? numberPattern.lastIndex : this.at;
    numberCharacters.lastIndex = this.at;
    numberCharacters.test(this.text);
    const end = numberCharacters.lastIndex;
    if (end === this.text.length && !this.final) throw incomplete;
    if (matched === this.at || matched !== end) this.fail('a value is expected');
    const source = this.text.slice(this.at, end);
    this.at = end;
    return source;
  }

  /** Enters an array or object; false, and past it, where it is empty. */
  enter(close: number): boolean {
    this.at += 1;
    if (this.peek() !== close) return true;
    this.at += 1;
    return false;
  }

  /** Passes over a key and its colon if it is this one. */
  takeKey(quotedKey: string): boolean {
    this.peek();
    if (!this.text.startsWith(quotedKey, this.at)) return false;
    this.at += quotedKey.length;
    this.#colon();
    return true;
  }

  /** A key and its colon. */
  key(): string {
    if (this.peek() !== quote) this.fail('a key in double quotes is expected');
    const key = this.string();
    this.#colon();
    return key;
  }

  /** After a value: true for a comma, false for the end. */
  more(close: number): boolean {
    const code = this.peek();
    if (code !== comma && code !== close) {
      this.fail(`a comma or ${String.fromCharCode(close)} is expected`);
    }
    this.at += 1;
    return code === comma;
  }

  /** Checks any value and passes over it. */
  skip(code: number, depth: number): void {
    if (code === quote) {
      this.string();
    } else if (this.isContainer(code)) {
      this.checkDepth(depth);
      const close = closeOf(code);
      if (!this.enter(close)) return;
      do {
        if (code === openObject) this.key();
        this.skip(this.peek(), depth + 1);
      } while (this.more(close));
    } else {
      this.scalar(code);
    }
  }

  /** Any value as compact JSON, its numbers as they are written. */
  raw(code: number, depth: number): string {
    const start = this.at;
    this.skip(code, depth);
    return withoutSpace(this.text.slice(start, this.at));
  }

  #colon(): void {
    if (this.peek() !== colon) this.fail('a colon is expected');
    this.at += 1;
  }

  checkDepth(depth: number): void {
    if (depth < depthMax) return;
    throw new EngineError(
      'document_too_complex',
      `Element ${this.elements + 1} is nested more than ${depthMax} levels deep.`,
    );
  }

  fail(expected: string): never {
    const where = `character ${this.charsBefore + this.at + 1}, element ${this.elements + 1}`;
    throw new EngineError('document_invalid', `The JSON is not valid at ${where}: ${expected}.`);
  }

  #end(): never {
    if (!this.final) throw incomplete;
    this.at = this.text.length;
    return this.fail('it ends in the middle of a value');
  }

  #word(word: string): string {
    if (this.text.startsWith(word, this.at)) {
      this.at += word.length;
      return word;
    }
    const rest = this.text.slice(this.at);
    if (!this.final && word.startsWith(rest)) throw incomplete;
    return this.fail(`${word} is expected`);
  }

  #unescape(start: number, end: number): string {
    try {
      const value: unknown = JSON.parse(this.text.slice(start, end));
      const text = String(value);
      if (!text.isWellFormed()) this.loneSurrogates += 1;
      return text;
    } catch {
      this.at = start;
      return this.fail('an escape in this string is not known');
    }
  }
}

/** The bracket that ends what `code` begins. */
export function closeOf(code: number): number {
  return code === openObject ? closeObject : closeArray;
}

/** Drops the white space between tokens. */
function withoutSpace(json: string): string {
  let result = '';
  let copied = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      for (at += 1; json.charCodeAt(at) !== quote; at += 1) {
        if (json.charCodeAt(at) === backslash) at += 1;
      }
    } else if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      result += json.slice(copied, at);
      copied = at + 1;
    }
  }
  return copied === 0 ? json : result + json.slice(copied);
}
