import mammoth from 'mammoth';
import type { Warning } from '../engine.ts';
import { hasSafeScheme } from '../text/safe-address.ts';

/** Kinds of pictures that a browser shows and that cannot run code. */
const pictureTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const warningsMax = 20;

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
  const options = { convertImage, externalFileAccess: false, includeEmbeddedStyleMap: false };
  const { value, messages } = await mammoth.convertToHtml({ path }, options);
  const html = value.replaceAll(/<img [^>]*src=""[^>]*\/>/gu, '').replaceAll(hrefs, keepSafe);
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
