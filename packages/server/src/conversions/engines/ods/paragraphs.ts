import { EngineError } from '../engine.ts';
import { decodeXml } from '../xlsx/xml-text.ts';

const textCharsMax = 16 * 1024 * 1024;
const whiteSpace = /[ \t\r\n]+/g;
const spacesMax = 65_536;

/** Elements inside a paragraph whose text is not part of it: comments, drawings, readings. */
const leftOut =
  /^(?:annotation|annotation-end|note|ruby-text|frame|custom-shape|g|control|line|rect|tracked-changes)$/;

/**
 * Gathers the text of a cell: its paragraphs, joined by line breaks, white space collapsed
 * (ODF 1.3 part 3, 6.1.2). What else a cell holds, such as comments and drawings, is passed over.
 */
export class CellParagraphs {
  #text = '';
  #paragraphs = 0;
  /** Elements open inside the cell. */
  #depth = 0;
  /** The depth at which a paragraph is open, or what is left out; 0 for none. */
  #paragraphDepth = 0;
  #leftOutDepth = 0;
  /** White space at the beginning of a paragraph, or after other white space, is none. */
  #afterSpace = true;

  clear(): void {
    this.#text = '';
    this.#paragraphs = 0;
    this.#depth = 0;
    this.#paragraphDepth = 0;
    this.#leftOutDepth = 0;
  }

  /** Undefined where there is no paragraph. */
  get value(): string | undefined {
    return this.#paragraphs === 0 ? undefined : this.#text;
  }

  /** @param count of a run of spaces (`text:c`) */
  open(name: string, count: string | undefined): void {
    this.#depth += 1;
    if (this.#leftOutDepth > 0) return;
    if (this.#paragraphDepth === 0) {
      if (name !== 'p' && name !== 'h') this.#leftOutDepth = this.#depth;
      else this.#openParagraph();
    } else if (name === 's') this.#add(' '.repeat(Math.min(Number(count ?? 1) || 1, spacesMax)));
    else if (name === 'tab') this.#add('\t');
    else if (name === 'line-break') this.#add('\n');
    else if (leftOut.test(name)) this.#leftOutDepth = this.#depth;
  }

  /** False when it is the cell itself that ends. */
  close(): boolean {
    if (this.#depth === 0) return false;
    if (this.#depth === this.#leftOutDepth) this.#leftOutDepth = 0;
    if (this.#depth === this.#paragraphDepth) this.#paragraphDepth = 0;
    this.#depth -= 1;
    return true;
  }

  text(bytes: Buffer, start: number, end: number, plain: boolean): void {
    if (this.#paragraphDepth === 0 || this.#leftOutDepth > 0) return;
    const written = bytes.toString('utf8', start, end);
    let text = (plain ? written : decodeXml(written)).replaceAll(whiteSpace, ' ');
    if (this.#afterSpace && text.startsWith(' ')) text = text.slice(1);
    if (text === '') return;
    this.#add(text);
    this.#afterSpace = text.endsWith(' ');
  }

  #openParagraph(): void {
    if (this.#paragraphs > 0) this.#add('\n');
    this.#paragraphs += 1;
    this.#paragraphDepth = this.#depth;
    this.#afterSpace = true;
  }

  #add(text: string): void {
    this.#text += text;
    this.#afterSpace = false;
    if (this.#text.length > textCharsMax) {
      throw new EngineError('document_too_complex', 'A text in the workbook is too long.');
    }
  }
}
