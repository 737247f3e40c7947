import type { Token } from 'markdown-it';
import { tableCell, tableEnd, tableStart } from './docx-table.ts';
import { bookmarkOf, type Gathered, type RunWriter } from './run-writer.ts';
import { textOf } from './xml-text.ts';

/** Twips that each level of a list, and each quotation, stands further in. */
const listIndent = 425;
const quoteIndent = 567;

/** Numbering of what is no ordered list; those follow. */
const bulletList = 1;
const taskItem = 2;
const firstOrdered = 3;

/** Writes the blocks of one part of a document as WordprocessingML (ECMA-376 part 1, 17). */
export class BlockWriter {
  readonly #pieces: string[] = [];
  readonly #runs: RunWriter;
  readonly #gathered: Gathered;
  /** Places that are linked to. */
  readonly #linked: ReadonlySet<string>;
  /** The lists around, by their number. */
  readonly #lists: number[] = [];
  /** What the next paragraph begins with: the mark of a note. */
  #lead = '';
  #itemBegins = false;
  #isTight = false;
  #quotes = 0;
  #definitions = 0;
  #style: string | undefined;
  #bookmark: string | undefined;
  #bold = false;
  #align = '';
  #inCell = false;
  #bookmarks = 0;

  constructor(runs: RunWriter, gathered: Gathered, linked: ReadonlySet<string>) {
    this.#runs = runs;
    this.#gathered = gathered;
    this.#linked = linked;
  }

  /** @param note the mark that the first paragraph begins with, where it is a note */
  write(tokens: readonly Token[], note?: string): string {
    this.#lead = note ?? '';
    this.#style = note === undefined ? undefined : 'FootnoteText';
    for (const [at, token] of tokens.entries()) this.#block(token, tokens, at);
    if (this.#lead !== '') this.#paragraph('');
    return this.#pieces.splice(0).join('');
  }

  #block(token: Token, tokens: readonly Token[], at: number): void {
    const { type } = token;
    if (type === 'inline') this.#inline(token, tokens[at - 1]);
    else if (type === 'fence' || type === 'code_block') this.#code(token.content);
    else if (type === 'hr') this.#pieces.push('<w:p><w:pPr><w:pStyle w:val="Rule"/></w:pPr></w:p>');
    else if (type === 'heading_open') this.#openHeading(token);
    else if (type === 'heading_close') [this.#style, this.#bookmark] = [undefined, undefined];
    else if (type === 'paragraph_open') this.#isTight = token.hidden;
    else if (type === 'dt_open') this.#style = 'DefinitionTerm';
    else if (type === 'dt_close') this.#style = undefined;
    else if (/^(?:table|tr|t[hd])_/u.test(type)) this.#table(token, tokens, at);
    else this.#nesting(token);
  }

  #nesting(token: Token): void {
    switch (token.type) {
      case 'blockquote_open':
      case 'blockquote_close':
        this.#quotes += token.nesting;
        break;
      case 'dd_open':
      case 'dd_close':
        this.#definitions += token.nesting;
        break;
      case 'bullet_list_open':
        this.#lists.push(bulletList);
        break;
      case 'ordered_list_open':
        this.#lists.push(this.#gathered.starts.length + firstOrdered);
        this.#gathered.starts.push({
          start: Number(token.attrGet('start') ?? 1),
          level: this.#level(),
        });
        break;
      case 'bullet_list_close':
      case 'ordered_list_close':
        this.#lists.pop();
        break;
      case 'list_item_open':
        this.#itemBegins = true;
        break;
      default:
    }
  }

  #openHeading(token: Token): void {
    this.#style = `Heading${token.tag.slice(1)}`;
    const name = bookmarkOf(String(token.attrGet('id') ?? ''));
    this.#bookmark = this.#linked.has(name) ? name : undefined;
  }

  #table(token: Token, tokens: readonly Token[], at: number): void {
    const { type } = token;
    if (type === 'table_open') this.#pieces.push(tableStart(tokens, at));
    else if (type === 'table_close') this.#pieces.push(tableEnd);
    else if (type === 'tr_open') {
      const isHead = tokens[at + 1]?.type === 'th_open';
      this.#pieces.push(`<w:tr><w:trPr><w:cantSplit/>${isHead ? '<w:tblHeader/>' : ''}</w:trPr>`);
    } else if (type === 'tr_close') this.#pieces.push('</w:tr>');
    else if (token.nesting === 1) {
      this.#bold = type === 'th_open';
      this.#inCell = true;
      const { start, align } = tableCell(token);
      this.#align = align;
      this.#pieces.push(start);
    } else if (type === 'th_close' || type === 'td_close') {
      [this.#bold, this.#inCell, this.#align] = [false, false, ''];
      this.#pieces.push('</w:tc>');
    }
  }

  #inline(token: Token, block: Token | undefined): void {
    const children = token.children ?? [];
    const isRightToLeft = block?.attrGet('dir') === 'rtl';
    const marks = [...(this.#bold ? ['strong'] : []), ...(isRightToLeft ? ['rtl'] : [])];
    let runs = this.#runs.runs(children, marks);
    if (this.#bookmark !== undefined) {
      this.#bookmarks += 1;
      const id = `w:id="${this.#bookmarks}"`;
      runs = `<w:bookmarkStart ${id} w:name="${this.#bookmark}"/>${runs}<w:bookmarkEnd ${id}/>`;
    }
    this.#paragraph(runs, this.#style, {
      isRightToLeft,
      isTask: children[0]?.type === 'task_box',
    });
  }

  #code(text: string): void {
    const lines = text.replace(/\n$/u, '').split('\n').map(textOf);
    const isBelow = this.#lists.length > 0 && !this.#itemBegins && this.#quotes === 0;
    const name = isBelow ? `ListCode${this.#styleLevel()}` : 'SourceCode';
    this.#paragraph(`<w:r>${lines.join('<w:br/>')}</w:r>`, name);
  }

  #paragraph(runs: string, own?: string, { isRightToLeft = false, isTask = false } = {}): void {
    const numbered = this.#lists.length > 0 && this.#itemBegins;
    const name = own ?? this.#styleHere(numbered);
    // In the order that the schema has for them.
    const properties = [
      name === undefined ? '' : `<w:pStyle w:val="${name}"/>`,
      numbered ? this.#number(isTask) : '',
      isRightToLeft ? '<w:bidi/>' : '',
      this.#inCell ? '<w:spacing w:before="40" w:after="40"/>' : '',
      this.#indent(numbered),
      numbered && this.#isTight ? '<w:contextualSpacing/>' : '',
      this.#align,
    ].join('');
    const lead = this.#lead;
    this.#lead = '';
    this.#itemBegins = false;
    this.#pieces.push(`<w:p><w:pPr>${properties}</w:pPr>${lead}${runs}</w:p>`);
  }

  #styleHere(numbered: boolean): string | undefined {
    if (this.#quotes > 0) return 'Quote';
    if (numbered) return 'ListParagraph';
    if (this.#lists.length > 0) return `ListContinue${this.#styleLevel()}`;
    return this.#definitions > 0 && !this.#inCell ? 'Definition' : undefined;
  }

  #styleLevel(): number {
    return Math.min(this.#lists.length, 5);
  }

  #number(isTask: boolean): string {
    const around = this.#lists.at(-1) ?? bulletList;
    const list = isTask && around === bulletList ? taskItem : around;
    return `<w:numPr><w:ilvl w:val="${this.#level()}"/><w:numId w:val="${list}"/></w:numPr>`;
  }

  #level(): number {
    return Math.min(this.#lists.length, 9) - 1;
  }

  /** The first paragraph of an item has its mark; the next ones stand below it. */
  #indent(numbered: boolean): string {
    if (this.#inCell) return '';
    const lists = (this.#level() + 1) * listIndent;
    const around = this.#quotes * quoteIndent + this.#definitions * quoteIndent;
    if (numbered) {
      // Its own numbering says the rest.
      if (around === 0) return '';
      return `<w:ind w:left="${lists + around}" w:hanging="${listIndent}"/>`;
    }
    return lists + around === 0 ? '' : `<w:ind w:left="${lists + around}"/>`;
  }
}
