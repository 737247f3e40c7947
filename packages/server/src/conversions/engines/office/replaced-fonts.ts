import type { Warning } from '../engine.ts';
import type { FontParts } from './check-docx.ts';

/**
 * Compares the fonts that a document asks for with those that its PDF embeds. Headings' and other
 * styles' fonts are left out, since many documents define them without using them.
 */
export function warnOfReplacedFonts(parts: FontParts, pdf: Buffer): Warning[] {
  const embedded = embeddedFonts(pdf);
  if (embedded.size === 0) return [];
  const missing = [...wantedFonts(parts)].filter((name) => !embedded.has(plain(name)));
  if (missing.length === 0) return [];
  const detail = `Not available here: ${missing.join(', ')}. Used instead: ${[...embedded.values()].join(', ')}.`;
  return [{ code: 'fonts_replaced', detail }];
}

function wantedFonts(parts: FontParts): Set<string> {
  const names = new Set<string>();
  const add = (pattern: RegExp, text: string | undefined) => {
    for (const [, name] of text?.matchAll(pattern) ?? []) if (name) names.add(name);
  };
  add(/<w:rFonts [^>]*\bw:ascii="([^"]{1,100})"/gu, parts.get('word/document.xml'));
  const defaults = /<w:docDefaults>.*?<\/w:docDefaults>/su.exec(parts.get('word/styles.xml') ?? '');
  add(/\bw:ascii="([^"]{1,100})"/gu, defaults?.[0]);
  if (defaults?.[0].includes('w:asciiTheme="minor')) {
    const theme = parts.get('word/theme/theme1.xml');
    add(/<a:minorFont>\s*<a:latin typeface="([^"]{1,100})"/gu, theme);
  }
  return names;
}

/** The families by their plain name: `/BaseFont/BAAAAA+LiberationSans-Bold` is one. */
function embeddedFonts(pdf: Buffer): Map<string, string> {
  const families = new Map<string, string>();
  for (const [, name = ''] of pdf
    .toString('latin1')
    .matchAll(/\/BaseFont\/(?:[A-Z]{6}\+)?([\w-]+)/gu)) {
    const [family = name] = name.split('-');
    families.set(plain(family), family);
  }
  return families;
}

/** Without spaces, case and the `MT`, `PS` that some foundries put behind a family's name. */
function plain(name: string): string {
  return name
    .replaceAll(/[\s_-]/gu, '')
    .toLowerCase()
    .replace(/(ps)?(mt)?$/u, '');
}
