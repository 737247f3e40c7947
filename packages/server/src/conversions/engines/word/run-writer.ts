import { createHash } from 'node:crypto';
import type { Token } from 'markdown-it';
import { numberOf } from '../markdown/footnotes.ts';
import { isChecked } from '../markdown/task-lists.ts';
import { isSafeLink } from '../text/safe-address.ts';
import { relationTypes, type ListStart } from './docx-parts.ts';
import { drawing } from './drawing.ts';
import { pictureOf, type Picture } from './picture.ts';
import { escapeXml, textOf } from './xml-text.ts';

/** What the parts of a document have in common. */
export interface Gathered {
  readonly pictures: Picture[];
  /** Of each ordered list, in the order of the text. */
  readonly starts: ListStart[];
  /** Notes that were referred to; Word has one place for each. */
  readonly notesSeen: Set<number>;
  /** Pictures that are not within the text. */
  picturesLeft: number;
}

/** In the order that the schema has for them. */
const properties: readonly (readonly [mark: string, xml: string])[] = [
  ['code', '<w:rStyle w:val="VerbatimChar"/>'],
  ['link', '<w:rStyle w:val="Hyperlink"/>'],
  ['note', '<w:rStyle w:val="FootnoteReference"/>'],
  [
    'symbol',
    '<w:rFonts w:ascii="Segoe UI Symbol" w:hAnsi="Segoe UI Symbol" w:eastAsia="MS Gothic"/>',
  ],
  ['strong', '<w:b/><w:bCs/>'],
  ['em', '<w:i/><w:iCs/>'],
  ['s', '<w:strike/>'],
  ['raised', '<w:vertAlign w:val="superscript"/>'],
  ['rtl', '<w:rtl/>'],
];

/** Writes what is within a paragraph of one part, whose relations it collects. */
export class RunWriter {
  readonly relations: string[] = [];
  readonly #gathered: Gathered;
  readonly #isNote: boolean;

  constructor(gathered: Gathered, isNote: boolean) {
    this.#gathered = gathered;
    this.#isNote = isNote;
  }

  /** @param always marks of the whole paragraph, such as `strong` */
  runs(tokens: readonly Token[], always: readonly string[]): string {
    const open = [...always];
    /** How often a mark is open within itself, which changes nothing: text may nest it without end. */
    const nested = new Map(open.map((mark) => [mark, 1]));
    const ends: string[] = [];
    let written = '';
    for (const token of tokens) {
      const [, mark = '', end] = /^(strong|em|s|link)_(open|close)$/u.exec(token.type) ?? [];
      if (mark === 'link' && end === 'open') {
        const [start, stop] = this.#link(token);
        written += start;
        ends.push(stop);
      } else if (mark === 'link') written += ends.pop() ?? '';
      if (end !== undefined) {
        const depth = (nested.get(mark) ?? 0) + (end === 'open' ? 1 : -1);
        nested.set(mark, depth);
        if (end === 'open' && depth === 1) open.push(mark);
        else if (depth === 0) open.splice(open.lastIndexOf(mark), 1);
      } else written += this.#piece(token, open);
    }
    return written;
  }

  #piece(token: Token, open: readonly string[]): string {
    switch (token.type) {
      case 'text':
        return run(textOf(token.content), open);
      case 'code_inline':
        return run(textOf(token.content), [...open, 'code']);
      case 'softbreak':
        return run(textOf(' '), open);
      case 'hardbreak':
        return run('<w:br/>', open);
      case 'image':
        return run(this.#picture(token), open);
      case 'task_box':
        return taskBox(isChecked(token));
      case 'footnote_ref':
        return this.#note(numberOf(token));
      default:
        return '';
    }
  }

  /** A note that was referred to before, or by another note, is named by its number. */
  #note(number: number): string {
    const isFirst = !this.#isNote && !this.#gathered.notesSeen.has(number);
    if (isFirst) this.#gathered.notesSeen.add(number);
    if (!isFirst) return run(textOf(String(number)), ['raised']);
    return run(`<w:footnoteReference w:id="${number}"/>`, ['note']);
  }

  #link(token: Token): [start: string, stop: string] {
    const address = String(token.attrGet('href') ?? '');
    if (address.startsWith('#') && address.length > 1) {
      return [`<w:hyperlink w:anchor="${bookmarkOf(address)}">`, '</w:hyperlink>'];
    }
    if (!isSafeLink(address)) return ['', ''];
    const id = `link${this.relations.length}`;
    this.relations.push(
      `<Relationship Id="${id}" Type="${relationTypes}/hyperlink" Target="${escapeXml(address)}" TargetMode="External"/>`,
    );
    return [`<w:hyperlink r:id="${id}">`, '</w:hyperlink>'];
  }

  #picture(token: Token): string {
    const picture = pictureOf(String(token.attrGet('src') ?? ''));
    if (picture === null) {
      this.#gathered.picturesLeft += 1;
      return textOf(token.content);
    }
    const number = this.#gathered.pictures.push(picture);
    const id = `picture${number}`;
    this.relations.push(
      `<Relationship Id="${id}" Type="${relationTypes}/image" Target="media/${id}.${picture.kind}"/>`,
    );
    return drawing(picture, id, number, escapeXml(token.content));
  }
}

/** Word's names of places have at most 40 characters and begin with a letter. */
export function bookmarkOf(address: string): string {
  let name = address.replace(/^#/u, '');
  try {
    name = decodeURIComponent(name);
  } catch {
    // As it stands, then.
  }
  if (/^\p{L}[\p{L}\p{M}\p{N}_-]{0,39}$/u.test(name)) return name;
  return `X${createHash('sha1').update(name).digest('hex').slice(1)}`;
}

function run(content: string, marks: readonly string[]): string {
  const own = properties.flatMap(([mark, xml]) => (marks.includes(mark) ? xml : []));
  // A run has one style.
  const style = own.findIndex((xml) => xml.startsWith('<w:rStyle'));
  const kept = own.filter((xml, at) => at === style || !xml.startsWith('<w:rStyle'));
  return `<w:r><w:rPr>${kept.join('')}</w:rPr>${content}</w:r>`;
}

/** A box that can be ticked in Word, and a tab or blank as its item needs it. */
function taskBox(checked: boolean): string {
  const font = 'w14:font="Segoe UI Symbol"';
  const box = `<w14:checkbox><w14:checked w14:val="${checked ? 1 : 0}"/>
<w14:checkedState w14:val="2611" ${font}/><w14:uncheckedState w14:val="2610" ${font}/></w14:checkbox>`;
  const mark = run(textOf(checked ? '☑' : '☐'), ['symbol']);
  return `<w:sdt><w:sdtPr>${box}</w:sdtPr><w:sdtContent>${mark}</w:sdtContent></w:sdt>${run('<w:tab/>', [])}`;
}
