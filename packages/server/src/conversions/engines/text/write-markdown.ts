import TurndownService from 'turndown';
import { EngineError } from '../engine.ts';
import { addTables, asElement, nameOf } from './markdown-tables.ts';
import { isSafeLink, isSafePicture } from './safe-address.ts';

export type MarkdownStyle = {
  readonly headings: 'atx' | 'setext';
  readonly bullet: '-' | '*' | '+';
  readonly code: 'fenced' | 'indented';
  readonly links: 'inlined' | 'referenced' | 'dropped';
  readonly images: boolean;
};

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
      nameOf(node) === 'IMG' && (!style.images || !isSafePicture(node.getAttribute('src') ?? '')),
    replacement: (_content, node) => (style.images ? (altOf(node) ?? '') : ''),
  });
  service.addRule('plainLink', {
    filter: (node) =>
      nameOf(node) === 'A' &&
      (style.links === 'dropped' || !isSafeLink(node.getAttribute('href') ?? '')),
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

const altOf = (node: unknown) => asElement(node).getAttribute('alt');
