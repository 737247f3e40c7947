import mammoth from 'mammoth';
import type { Warning } from '../engine.ts';
import { hasSafeScheme } from '../text/safe-address.ts';

/** Kinds of pictures that a browser shows and that cannot run code. */
const pictureTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const warningsMax = 20;

const levels = [1, 2, 3, 4, 5];

/** Styles of Word, LibreOffice and pandoc that say what a paragraph is. */
const styleMap = [
  "p[style-name='Title'] => h1:fresh",
  ...['Quote', 'Intense Quote', 'Block Text', 'Quotations'].flatMap((name) => [
    `p[style-name='${name}']:unordered-list(1) => blockquote > ul > li:fresh`,
    `p[style-name='${name}']:ordered-list(1) => blockquote > ol > li:fresh`,
    `p[style-name='${name}'] => blockquote > p:fresh`,
  ]),
  ...['Source Code', 'HTML Preformatted', 'Preformatted Text', 'Plain Text', 'Code'].map(
    (name) => `p[style-name='${name}'] => pre > code:separator('\\n')`,
  ),
  ...['Verbatim Char', 'HTML Code', 'Source Text'].map((name) => `r[style-name='${name}'] => code`),
  ...['Subtitle', 'Body Text', 'Text body', 'First Paragraph', 'Compact', 'Normal (Web)'].map(
    (name) => `p[style-name='${name}'] => p:fresh`,
  ),
  "p[style-name='Definition Term'] => dl > dt:fresh",
  "p[style-name='Definition'] => dl > dd:fresh",
  ...levels.flatMap((level, at) => {
    const item = 'ul|ol > li > '.repeat(level);
    return [
      `p[style-name='List Continue${at === 0 ? '' : ` ${level}`}'] => ${item}p:fresh`,
      `p[style-name='List Code ${level}'] => ${item}pre > code:separator('\\n')`,
    ];
  }),
  ...['No Spacing', 'caption', 'Caption', 'Horizontal Rule'].map(
    (name) => `p[style-name='${name}'] => p:fresh`,
  ),
];

export interface WordHtml {
  readonly html: string;
  readonly warnings: readonly Warning[];
}

/**
 * Reads a Word document as HTML: headings, lists, tables, links, emphasis, notes, pictures. What
 * is linked is never fetched, and links that could run code or name a file lose their address.
 */
export async function readWord(path: string, images: 'inline' | 'drop'): Promise<WordHtml> {
  let dropped = 0;
  const convertImage = mammoth.images.imgElement(async (image) => {
    if (images === 'inline' && pictureTypes.has(image.contentType)) {
      return { src: `data:${image.contentType};base64,${await image.readAsBase64String()}` };
    }
    dropped += 1;
    return { src: '' };
  });
  const options = {
    convertImage,
    externalFileAccess: false,
    includeEmbeddedStyleMap: false,
    styleMap,
  };
  const { value, messages } = await mammoth.convertToHtml({ path }, options);
  const html = value
    .replaceAll(/<img [^>]*src=""[^>]*\/>/gu, '')
    .replaceAll(hrefs, keepSafe)
    // A cell of a table's head is bold by itself.
    .replaceAll(/(<th[^>]*>(?:<p>)?)<strong>([^<]*)<\/strong>(?=(?:<\/p>)?<\/th>)/gu, '$1$2');
  const texts = [...new Set(messages.map(({ message }) => message))].slice(0, warningsMax);
  return {
    html,
    warnings: [
      ...texts.map((detail) => ({ code: 'content_simplified', detail })),
      ...(dropped > 0 && images === 'inline' ? [imagesDropped(dropped)] : []),
    ],
  };
}

/** Attributes as mammoth writes them: quotes in them are escaped. */
const hrefs = /<a href="([^"]*)"/gu;

function keepSafe(tag: string, address: string): string {
  const plain = address.replaceAll('&amp;', '&').trim();
  return plain.startsWith('#') || hasSafeScheme(plain) ? tag : '<a';
}

function imagesDropped(count: number): Warning {
  const detail = `${count} pictures are of a kind that browsers do not show, or lie elsewhere.`;
  return { code: 'images_dropped', detail };
}
