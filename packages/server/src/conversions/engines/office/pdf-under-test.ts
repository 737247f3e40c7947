import { inflateSync } from 'node:zlib';

/** What the tests look for in a PDF that LibreOffice wrote. */
export class PdfUnderTest {
  readonly #text: string;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  get pages(): number {
    return [...this.#text.matchAll(/\/Type\s*\/Page\b/gu)].length;
  }

  /** Width and height of the first page, in points. */
  get size(): number[] {
    const [, box = ''] = /\/MediaBox\s*\[([^\]]*)\]/u.exec(this.#text) ?? [];
    return box
      .trim()
      .split(/\s+/u)
      .slice(2)
      .map((side) => Math.round(Number(side)));
  }

  /** The archivable kind that its metadata claim, such as `2B`. */
  get pdfa(): string {
    const part = /<pdfaid:part>(\d)/u.exec(this.#text)?.[1] ?? '';
    return part + (/<pdfaid:conformance>(\w)/u.exec(this.#text)?.[1] ?? '');
  }

  get isComplete(): boolean {
    return this.#text.startsWith('%PDF-') && this.#text.trimEnd().endsWith('%%EOF');
  }

  /** How many glyphs the pages show: text is drawn as hexadecimal strings of them. */
  get glyphs(): number {
    const shown = [...this.#contents().matchAll(/<([0-9A-Fa-f]+)>/gu)];
    return shown.reduce((sum, [, hex = '']) => sum + hex.length / 2, 0);
  }

  /** The drawing operators of all pages. */
  #contents(): string {
    const contents: string[] = [];
    for (let at = 0; ;) {
      const start = this.#bytes.indexOf('stream\n', at);
      if (start === -1) return contents.join('\n');
      const end = this.#bytes.indexOf('endstream', start);
      try {
        contents.push(inflateSync(this.#bytes.subarray(start + 7, end)).toString('latin1'));
      } catch {
        // Not a deflated stream.
      }
      at = end + 9;
    }
  }
}
