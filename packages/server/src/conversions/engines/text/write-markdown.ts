import TurndownService from 'turndown';
import { EngineError } from '../engine.ts';
import { addCode } from './markdown-code.ts';
import { addLists } from './markdown-lists.ts';
import { addNotes } from './markdown-notes.ts';
import { addTables, asElement, nameOf } from './markdown-tables.ts';
import { asScript } from './raised.ts';
import { isSafeLink, isSafePicture } from './safe-address.ts';

export type MarkdownStyle = {
  readonly headings: 'atx' | 'setext';
  readonly bullet: '-' | '*' | '+';
  readonly code: 'fenced' | 'indented';
  readonly links: 'inlined' | 'referenced' | 'dropped';
  readonly images: boolean;
};

/**
 * HTML as GitHub's Markdown, with definition lists: what is read, without scripts, styles
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
  service.addRule('bareLink', {
    filter: (node) => style.links !== 'dropped' && bareAddress(node) !== null,
    replacement: (_content, node) => `<${bareAddress(node)}>`,
  });
  service.addRule('raised', {
    filter: ['sup', 'sub'],
    replacement: (content, node) => {
      // A minus at the beginning is escaped by now.
      const text = asElement(node).textContent.trim();
      const written = asScript(text, nameOf(node) === 'SUP');
      // What refers to a note is no number.
      return written === text || content.includes('[') ? content : written;
    },
  });
  service.addRule('paragraph', {
    filter: 'p',
    replacement: (content) => `\n\n${content.replace(/^:(?=\s)/u, '\\:')}\n\n`,
  });
  addTables(service);
  addLists(service, style.bullet);
  addCode(service, style.code);
  addNotes(service);
  const escape = service.escape.bind(service);
  service.escape = (text) => escapeMore(escape(text));
  try {
    return service.turndown(html).trim();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineError('document_too_complex', 'The page is nested too deep.', error);
  }
}

/** Of a link whose text is where it leads. */
function bareAddress(node: unknown): string | null {
  const element = asElement(node);
  if (nameOf(element) !== 'A') return null;
  const [address, text] = [element.getAttribute('href') ?? '', element.textContent];
  if (address === text && /^(?:https?|ftp):[^\s<>]+$/iu.test(text)) return text;
  return address === `mailto:${text}` && /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/u.test(text) ? text : null;
}

/** What turndown leaves that a reader of Markdown would take for markup. */
function escapeMore(text: string): string {
  return (
    text
      .replaceAll(/<(?=[a-z/!?])/giu, '\\<')
      .replaceAll(/&(?=#?\w+;)/gu, '\\&')
      .replaceAll('~~', '\\~\\~')
      // Within a word it means nothing, and in a bare address it would be part of it.
      .replaceAll(/(?<=[\p{L}\p{N}])\\_(?=[\p{L}\p{N}])/gu, '_')
  );
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
