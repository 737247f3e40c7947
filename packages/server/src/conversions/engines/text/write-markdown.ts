import TurndownService from 'turndown';
import { EngineError } from '../engine.ts';

export type MarkdownStyle = {
  readonly headings: 'atx' | 'setext';
  readonly bullet: '-' | '*' | '+';
  readonly code: 'fenced' | 'indented';
  readonly links: 'inlined' | 'referenced' | 'dropped';
  readonly images: boolean;
};

const safeSchemes = new Set(['http', 'https', 'mailto', 'tel', 'ftp']);
const safeImage = /^data:image\/(?:png|gif|jpeg|webp);base64,/iu;

/**
 * HTML as Markdown (CommonMark with tables and strikethrough): what is read, without scripts, styles
 * and links that could run code.
 *
 * @throws EngineError `document_too_complex` where it is nested too deep
 */
export function writeMarkdown(html: string, style: MarkdownStyle): string {
  checkDepth(html);
  const service = new TurndownService({
    headingStyle: style.headings,
    bulletListMarker: style.bullet,
    codeBlockStyle: style.code,
    linkStyle: style.links === 'referenced' ? 'referenced' : 'inlined',
    hr: '---',
    emDelimiter: '*',
  });
  service.remove(['script', 'style', 'noscript', 'title']);
  service.remove((node) => ['TEMPLATE', 'HEAD', 'IFRAME', 'OBJECT', 'SVG'].includes(nameOf(node)));
  service.addRule('strikethrough', {
    filter: ['s', 'del'],
    replacement: (content) => (content.trim() === '' ? content : `~~${content}~~`),
  });
  service.addRule('unsafeImage', {
    filter: (node) =>
      nameOf(node) === 'IMG' && (!style.images || !isSafeImage(node.getAttribute('src') ?? '')),
    replacement: (_content, node) => (style.images ? (altOf(node) ?? '') : ''),
  });
  service.addRule('plainLink', {
    filter: (node) =>
      nameOf(node) === 'A' &&
      (style.links === 'dropped' || !isSafe(node.getAttribute('href') ?? '')),
    replacement: (content) => content,
  });
  addTables(service);
  try {
    return service.turndown(html).trim();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineError('document_too_complex', 'The page is nested too deep.', error);
  }
}

/** Elements that have no end, or may leave it out. */
const unended =
  /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|d[td]|t[dhr]|option)$/iu;
const depthMax = 500;

/** Before it is parsed: the time for that grows with the square of the depth. */
function checkDepth(html: string): void {
  let depth = 0;
  for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z][^\s/>]{0,20})/giu)) {
    if (unended.test(name)) continue;
    depth = slash === '' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > depthMax) {
      const message = `The page is nested more than ${depthMax} levels deep.`;
      throw new EngineError('document_too_complex', message);
    }
  }
}

/** The part of a node that we look at; the types of a browser are not at hand. */
interface Element {
  readonly nodeName: string;
  readonly parentNode: Element | null;
  readonly childNodes: ArrayLike<Element>;
  getAttribute(name: string): string | null;
}

const asElement = (node: unknown) => node as Element;
const nameOf = (node: unknown) => asElement(node).nodeName.toUpperCase();
const altOf = (node: unknown) => asElement(node).getAttribute('alt');

function isSafe(address: string): boolean {
  const scheme = /^([a-z][a-z\d+.-]*):/iu.exec(withoutControls(address))?.[1];
  return scheme === undefined || safeSchemes.has(scheme.toLowerCase());
}

function isSafeImage(address: string): boolean {
  return isSafe(address) || safeImage.test(address);
}

/** Browsers skip white space and control characters before and within a scheme. */
function withoutControls(address: string): string {
  return address.replaceAll(/[^!-\u{10ffff}]/gu, '');
}

/** A table with a line under its first row; a line break or a bar in a cell is written so. */
function addTables(service: TurndownService): void {
  service.addRule('cell', {
    filter: ['th', 'td'],
    replacement: (content) =>
      ` ${content
        .trim()
        .replaceAll('|', '\\|')
        .replaceAll(/\s*\n\s*/gu, ' ')} |`,
  });
  service.addRule('row', {
    filter: 'tr',
    replacement: (content, node) => {
      const cells = Array.from(asElement(node).childNodes).filter((child) =>
        ['TH', 'TD'].includes(nameOf(child)),
      );
      if (cells.length === 0) return '';
      const line = isFirstRow(asElement(node)) ? `\n|${' --- |'.repeat(cells.length)}` : '';
      return `\n|${content.replaceAll('\n', '')}${line}`;
    },
  });
  service.addRule('section', {
    filter: ['thead', 'tbody', 'tfoot'],
    replacement: (content) => content,
  });
  service.addRule('table', {
    filter: 'table',
    replacement: (content) => `\n\n${content.trim()}\n\n`,
  });
}

function isFirstRow(row: Element): boolean {
  for (let at: Element | null = row.parentNode; at; at = at.parentNode) {
    if (nameOf(at) === 'TABLE') return firstRowOf(at) === row;
  }
  return false;
}

function firstRowOf(node: Element): Element | null {
  for (const child of Array.from(node.childNodes)) {
    const found = nameOf(child) === 'TR' ? child : firstRowOf(child);
    if (found) return found;
  }
  return null;
}
