import { EngineError } from '../engine.ts';
import { recordCharsMax } from './bounds.ts';
import { JsonScanner, incomplete } from './json-scanner.ts';

/** Reads one element that begins with `code`; called again from its start when it was cut off. */
export type ElementReader = (scanner: JsonScanner, code: number) => void;

type State = 'begin' | 'first' | 'element' | 'separator' | 'sequence' | 'done';

const openArray = 0x5b;
const closeArray = 0x5d;

/**
 * Cuts a JSON text that arrives in pieces into elements: those of a top-level array, or else the
 * top-level values themselves, separated by white space (one object, or NDJSON). Only the element
 * at hand is held.
 *
 * An element that is cut off is read again from its start once its text has doubled, so a large
 * one costs twice its size, not its square.
 */
export class JsonElements {
  readonly #scanner = new JsonScanner();
  readonly #read: ElementReader;
  #state: State = 'begin';
  #retryChars = 0;
  /** A value of a sequence has just ended: `1true` is not two values. */
  #needsSpace = false;

  constructor(read: ElementReader) {
    this.#read = read;
  }

  get count(): number {
    return this.#scanner.elements;
  }

  get loneSurrogates(): number {
    return this.#scanner.loneSurrogates;
  }

  /** @throws EngineError `document_invalid`, `document_too_complex` */
  write(text: string): void {
    const scanner = this.#scanner;
    scanner.charsBefore += scanner.at;
    scanner.text = scanner.text.slice(scanner.at) + text;
    scanner.at = 0;
    if (scanner.text.length < this.#retryChars) return;
    this.#run();
    const held = scanner.text.length - scanner.at;
    if (held > recordCharsMax) {
      throw new EngineError(
        'document_too_complex',
        `Element ${scanner.elements + 1} is longer than ${recordCharsMax} characters.`,
      );
    }
    this.#retryChars = Math.min(2 * held, recordCharsMax + 1);
  }

  /** @throws EngineError `document_invalid` where the text ends too early */
  end(): void {
    this.#scanner.final = true;
    this.#run();
    if (this.#state === 'begin') {
      throw new EngineError('document_invalid', 'The file holds no JSON value.');
    }
    if (this.#state !== 'done' && this.#state !== 'sequence') this.#scanner.peek();
  }

  #run(): void {
    const scanner = this.#scanner;
    let start = scanner.at;
    let loneSurrogates = scanner.loneSurrogates;
    try {
      while (this.#skipSpace()) {
        start = scanner.at;
        loneSurrogates = scanner.loneSurrogates;
        this.#step(scanner.text.charCodeAt(start));
      }
    } catch (error) {
      if (error !== incomplete) throw error;
      scanner.at = start;
      scanner.loneSurrogates = loneSurrogates;
    }
  }

  /** False at the end of the text. */
  #skipSpace(): boolean {
    const { text } = this.#scanner;
    let at = this.#scanner.at;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
      this.#needsSpace = false;
    }
    this.#scanner.at = at;
    return at < text.length;
  }

  #step(code: number): void {
    const scanner = this.#scanner;
    switch (this.#state) {
      case 'begin':
        this.#state = code === openArray ? 'first' : 'sequence';
        if (code === openArray) scanner.at += 1;
        break;
      case 'first':
        if (code === closeArray) {
          scanner.at += 1;
          this.#state = 'done';
          break;
        }
        this.#state = 'element';
        break;
      case 'element':
        this.#element(code);
        this.#state = 'separator';
        break;
      case 'separator':
        this.#state = scanner.more(closeArray) ? 'element' : 'done';
        break;
      case 'sequence':
        if (this.#needsSpace) scanner.fail('white space or the end is expected');
        this.#element(code);
        this.#needsSpace = true;
        break;
      case 'done':
        scanner.fail('nothing may follow the array');
    }
  }

  #element(code: number): void {
    this.#read(this.#scanner, code);
    this.#scanner.elements += 1;
  }
}
