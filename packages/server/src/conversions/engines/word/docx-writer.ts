import type { MarkdownIt } from 'markdown-it';
import { numbering, relations, relationTypes } from './docx-parts.ts';
import { pictureOf, type Picture } from './picture.ts';

type Tokens = ReturnType<MarkdownIt['parse']>;
type Token = Tokens[number];

export interface WrittenDocx {
  readonly body: string;
  readonly parts: Readonly<Record<string, string | Buffer>>;
  /** Pictures that are not within the text. */
  readonly picturesLeft: number;
}

const emuPerPixel = 9525;
const widthPixelsMax = 600;
const marks: Readonly<Record<string, string>> = {
  strong: '<w:b/>',
  em: '<w:i/>',
  s: '<w:strike/>',
  code: '<w:rFonts w:ascii="Liberation Mono" w:hAnsi="Liberation Mono"/><w:shd w:val="clear" w:fill="F5F5F5"/>',
  link: '<w:color w:val="0563C1"/><w:u w:val="single"/>',
};

/** Writes the tokens of a Markdown text as WordprocessingML (ECMA-376 part 1, 17). */
export class DocxWriter {
  readonly #pieces: string[] = [];
  readonly #relations: string[] = [];
  readonly #pictures: Picture[] = [];
  readonly #starts: number[] = [];
  /** The lists around, by their number; 1 is all bullets. */
  readonly #lists: number[] = [];
  #itemBegins = false;
  #quotes = 0;
  #heading = 0;
  #inHead = false;
  #picturesLeft = 0;

  write(tokens: Tokens): WrittenDocx {
    for (const token of tokens) this.#block(token);
    const media = this.#pictures.map(
      ({ kind, bytes }, at) => [`word/media/picture${at}.${kind}`, bytes] as const,
    );
    return {
      body: this.#pieces.join(''),
      parts: {
        ...Object.fromEntries(media),
        'word/numbering.xml': numbering(this.#starts),
        'word/_rels/document.xml.rels': relations(this.#relations),
      },
      picturesLeft: this.#picturesLeft,
    };
  }

  #block(token: Token): void {
    const { type } = token;
    if (type === 'heading_open') this.#heading = Number(token.tag.slice(1));
    else if (type === 'heading_close') this.#heading = 0;
    else if (type === 'blockquote_open') this.#quotes += 1;
    else if (type === 'blockquote_close') this.#quotes -= 1;
    else if (type === 'bullet_list_open') this.#lists.push(1);
    else if (type === 'ordered_list_open') this.#openOrdered(token);
    else if (type === 'bullet_list_close' || type === 'ordered_list_close') this.#lists.pop();
    else if (type === 'list_item_open') this.#itemBegins = true;
    else if (type === 'fence' || type === 'code_block') this.#code(token.content);
    else if (type === 'hr') this.#pieces.push('<w:p><w:pPr><w:pStyle w:val="Rule"/></w:pPr></w:p>');
    else if (type === 'inline') this.#paragraph(this.#runs(token.children ?? []));
    else this.#tablePart(type);
  }

  #openOrdered(token: Token): void {
    this.#starts.push(Number(token.attrGet('start') ?? 1));
    this.#lists.push(this.#starts.length + 1);
  }

  #tablePart(type: string): void {
    if (type === 'table_open') {
      const borders = ['top', 'left', 'bottom', 'right', 'insideH', 'insideV']
        .map((side) => `<w:${side} w:val="single" w:sz="4" w:color="BBBBBB"/>`)
        .join('');
      this.#pieces.push(
        `<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>${borders}</w:tblBorders></w:tblPr>`,
      );
    } else if (type === 'table_close') this.#pieces.push('</w:tbl><w:p/>');
    else if (type === 'tr_open') this.#pieces.push('<w:tr>');
    else if (type === 'tr_close') this.#pieces.push('</w:tr>');
    else if (type === 'th_open' || type === 'td_open') {
      this.#inHead = type === 'th_open';
      this.#pieces.push('<w:tc>');
    } else if (type === 'th_close' || type === 'td_close') {
      this.#inHead = false;
      this.#pieces.push('</w:tc>');
    }
  }

  #code(text: string): void {
    const lines = text.replace(/\n$/u, '').split('\n').map(textOf);
    this.#paragraph(`<w:r>${lines.join('<w:br/>')}</w:r>`, 'Code');
  }

  #paragraph(runs: string, own?: string): void {
    const heading = this.#heading > 0 ? `Heading${this.#heading}` : undefined;
    const name = own ?? heading ?? (this.#quotes > 0 ? 'Quote' : undefined);
    const style = name === undefined ? '' : `<w:pStyle w:val="${name}"/>`;
    this.#pieces.push(`<w:p><w:pPr>${style}${this.#listing()}</w:pPr>${runs}</w:p>`);
  }

  /** The first paragraph of an item has its mark; the next ones stand below it. */
  #listing(): string {
    const list = this.#lists.at(-1);
    if (list === undefined) return '';
    const level = Math.min(this.#lists.length, 9) - 1;
    if (!this.#itemBegins) return `<w:ind w:left="${(level + 1) * 425}"/>`;
    this.#itemBegins = false;
    return `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${list}"/></w:numPr>`;
  }

  #runs(tokens: Tokens): string {
    const open: string[] = this.#inHead ? ['strong'] : [];
    const run = (content: string, ...more: string[]) =>
      `<w:r><w:rPr>${[...new Set([...open, ...more])].map((mark) => marks[mark] ?? '').join('')}</w:rPr>${content}</w:r>`;
    let written = '';
    for (const token of tokens) {
      const [, mark = '', end] = /^(strong|em|s|link)_(open|close)$/u.exec(token.type) ?? [];
      if (mark === 'link') written += end === 'open' ? this.#link(token) : '</w:hyperlink>';
      if (end === 'open') open.push(mark);
      else if (end === 'close') open.splice(open.lastIndexOf(mark), 1);
      else if (token.type === 'text') written += run(textOf(token.content));
      else if (token.type === 'code_inline') written += run(textOf(token.content), 'code');
      else if (token.type === 'softbreak') written += run(textOf(' '));
      else if (token.type === 'hardbreak') written += run('<w:br/>');
      else if (token.type === 'image') written += run(this.#picture(token));
    }
    return written;
  }

  #link(token: Token): string {
    const id = `link${this.#relations.length}`;
    const target = escapeXml(String(token.attrGet('href') ?? ''));
    this.#relations.push(
      `<Relationship Id="${id}" Type="${relationTypes}/hyperlink" Target="${target}" TargetMode="External"/>`,
    );
    return `<w:hyperlink r:id="${id}">`;
  }

  #picture(token: Token): string {
    const picture = pictureOf(String(token.attrGet('src') ?? ''));
    if (picture === null) {
      this.#picturesLeft += 1;
      return textOf(token.content);
    }
    const at = this.#pictures.push(picture) - 1;
    const id = `picture${at}`;
    this.#relations.push(
      `<Relationship Id="${id}" Type="${relationTypes}/image" Target="media/${id}.${picture.kind}"/>`,
    );
    return drawing(picture, id, at + 1, escapeXml(token.content));
  }
}

function drawing(picture: Picture, id: string, number: number, description: string): string {
  const scale = Math.min(1, widthPixelsMax / picture.widthPixels) * emuPerPixel;
  const size = `cx="${Math.round(picture.widthPixels * scale)}" cy="${Math.round(picture.heightPixels * scale)}"`;
  const main = 'http://schemas.openxmlformats.org/drawingml/2006';
  return `<w:drawing><wp:inline xmlns:wp="${main}/wordprocessingDrawing"><wp:extent ${size}/>
<wp:docPr id="${number}" name="${id}" descr="${description}"/><a:graphic xmlns:a="${main}/main">
<a:graphicData uri="${main}/picture"><pic:pic xmlns:pic="${main}/picture"><pic:nvPicPr>
<pic:cNvPr id="${number}" name="${id}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>
<a:blip r:embed="${id}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>
<a:off x="0" y="0"/><a:ext ${size}/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic>
</a:graphicData></a:graphic></wp:inline></w:drawing>`;
}

function textOf(text: string): string {
  return `<w:t xml:space="preserve">${escapeXml(text)}</w:t>`;
}

/** Control characters are not allowed in XML at all. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n]|[\ufffe\uffff]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
