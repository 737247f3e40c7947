import { asScript } from '../text/raised.ts';

/** The HTML that mammoth writes: quotes in attributes are escaped, each element is closed. */
const piece = /<(\/?)([a-z]+\d?)([^>]*)>|([^<]+)/gu;
/** The way back from a note to its mark. */
const backLinks = / ?<a href="#(?:foot|end)note-ref-[^"]*">[^<]*<\/a>/gu;
const note = /^ id="(?:foot|end)note-/u;
const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&amp;': '&',
};
const blocks = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'pre', 'blockquote', 'dt', 'dd']);

/**
 * The text of the HTML that mammoth writes: a blank line between paragraphs, lists with their marks,
 * a line for each row of a table with tabs between its cells, notes with their numbers at the end.
 */
export function plainTextOf(html: string): string {
  const writer = new TextWriter();
  for (const [, slash, name, attributes = '', text] of html
    .replaceAll(backLinks, '')
    .matchAll(piece)) {
    if (text !== undefined) writer.text(decode(text));
    else if (slash === '/') writer.close(name ?? '');
    else writer.open(name ?? '', attributes);
  }
  return writer.end();
}

function decode(text: string): string {
  return text.replaceAll(/&(?:lt|gt|quot|amp);/gu, (entity) => entities[entity] ?? entity);
}

/** What stands line below line among its like, and apart from everything else. */
type Kind = 'block' | 'item' | 'row';

interface Row {
  readonly cells: string[];
  /** What stands before it in the cell around it. */
  readonly before: string;
  /** That the cell at hand is wide. */
  columns: number;
}

class TextWriter {
  #written: string[] = [];
  #last: Kind = 'block';
  #current = '';
  /** Whether it is empty or ends with a blank: to look at its end, it would be copied each time. */
  #isApart = true;
  #mark = '';
  #notes = 0;
  /** What stands before the raised or lowered text that is being written; null: there is none. */
  #beforeScript: string | null = null;
  /** The lists around: the next number, or null for bullets. */
  readonly #lists: (number | null)[] = [];
  /** The rows around, one within another's cell. */
  readonly #rows: Row[] = [];

  text(text: string): void {
    this.#current += text;
    if (text !== '') this.#isApart = text.endsWith(' ');
  }

  open(name: string, attributes: string): void {
    if (name === 'br') this.text(this.#rows.length > 0 ? ' ' : '\n');
    else if (name === 'input') this.text(/\bchecked/u.test(attributes) ? '☑' : '☐');
    else if (name === 'sup' || name === 'sub') this.#openScript();
    else if (name === 'ul' || name === 'ol') {
      this.#flush();
      this.#lists.push(name === 'ol' ? 1 : null);
    } else if (name === 'li') this.#openItem(attributes);
    else if (name === 'tr') {
      this.#flush();
      this.#rows.push({
        cells: [],
        before: this.#rows.length > 0 ? this.#current : '',
        columns: 1,
      });
      this.#begin();
    } else if (name === 'td' || name === 'th') {
      const [, span = '1'] = /colspan="(\d{1,3})"/u.exec(attributes) ?? [];
      const row = this.#rows.at(-1);
      if (row !== undefined) row.columns = Math.max(1, Number(span));
    } else if (blocks.has(name)) this.#flush();
  }

  close(name: string): void {
    if (blocks.has(name)) this.#flush();
    else if (name === 'li') this.#flush(true);
    else if (name === 'sup' || name === 'sub') this.#closeScript(name === 'sup');
    else if (name === 'ul' || name === 'ol') {
      this.#flush();
      this.#lists.pop();
      if (this.#lists.length === 0) this.#last = 'block';
    } else if (name === 'td' || name === 'th') this.#closeCell();
    else if (name === 'tr') this.#closeRow();
    else if (name === 'table') this.#last = 'block';
  }

  end(): string {
    this.#flush();
    return this.#written.join('').trim();
  }

  #begin(): void {
    this.#current = '';
    this.#isApart = true;
  }

  #openScript(): void {
    this.#endScript();
    this.#beforeScript = this.#current;
    this.#current = '';
  }

  #closeScript(isRaised: boolean): void {
    if (this.#beforeScript !== null) this.#current = asScript(this.#current, isRaised);
    this.#endScript();
  }

  #endScript(): void {
    this.#current = (this.#beforeScript ?? '') + this.#current;
    this.#beforeScript = null;
  }

  #openItem(attributes: string): void {
    this.#flush();
    if (note.test(attributes)) {
      this.#notes += 1;
      this.#mark = `[${this.#notes}] `;
      return;
    }
    const number = this.#lists.at(-1) ?? null;
    if (number !== null) this.#lists[this.#lists.length - 1] = number + 1;
    this.#mark = number === null ? '- ' : `${number}. `;
  }

  /** Within a cell, blocks stand side by side. */
  #flush(isItemEnd = false): void {
    this.#endScript();
    if (this.#rows.length > 0) {
      if (!this.#isApart) this.text(' ');
      return;
    }
    const text = this.#current.trim().replace(/^([☐☑])\t/u, '$1 ');
    this.#begin();
    if (text === '' && !(isItemEnd && this.#mark !== '')) return;
    const isNote = this.#mark.startsWith('[');
    const depth = isNote || this.#notes > 0 ? 0 : this.#lists.length;
    const isItem = this.#mark !== '' && !isNote;
    const indent = '  '.repeat(isItem ? depth - 1 : depth);
    const below = `\n${indent}${isItem ? ' '.repeat(this.#mark.length) : ''}`;
    this.#put(`${indent}${this.#mark}${text.replaceAll('\n', below)}`, isItem ? 'item' : 'block');
    this.#mark = '';
  }

  #put(text: string, kind: Kind): void {
    const isNext = kind === this.#last && kind !== 'block';
    this.#written.push(isNext ? '\n' : '\n\n', text);
    this.#last = kind;
  }

  #closeCell(): void {
    this.#endScript();
    const text = this.#current.replaceAll(/\s+/gu, ' ').trim();
    this.#begin();
    const row = this.#rows.at(-1);
    row?.cells.push(text, ...Array<string>(row.columns - 1).fill(''));
  }

  #closeRow(): void {
    const { cells, before } = this.#rows.pop() ?? { cells: [], before: '' };
    if (this.#rows.length > 0) {
      this.#current = before;
      this.text(`${cells.join(' ')} `);
    } else this.#put(cells.join('\t').trimEnd(), 'row');
  }
}
