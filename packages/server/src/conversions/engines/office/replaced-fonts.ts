import type { Warning } from '../engine.ts';
import type { Parts } from './check/check-package.ts';
import { officeKinds, type OfficeFormat } from './kinds.ts';

/**
 * Compares the fonts that a document asks for with those that its PDF embeds. Headings' and other
 * styles' fonts are left out, since many documents define them without using them. Documents of
 * Office 97 are not looked into.
 */
export function warnOfReplacedFonts(format: OfficeFormat, parts: Parts, pdf: Buffer): Warning[] {
  const embedded = embeddedFonts(pdf);
  if (embedded.size === 0) return [];
  const missing = [...wantedFonts(format, parts)].filter((name) => !embedded.has(plain(name)));
  if (missing.length === 0) return [];
  const detail = `Not available here: ${missing.join(', ')}. Used instead: ${[...embedded.values()].join(', ')}.`;
  return [{ code: 'fonts_replaced', detail }];
}

/** At most so many are named: a warning is a sentence. */
const namesMax = 20;

function wantedFonts(format: OfficeFormat, parts: Parts): Set<string> {
  const { container, program } = officeKinds[format];
  if (container === 'rtf') return rtfFonts(parts.get('rtf') ?? '');
  if (container === 'odf') return openDocumentFonts(parts);
  if (program === 'writer') return wordFonts(parts);
  return program === 'impress' ? slideFonts(parts) : sheetFonts(parts);
}

function collect(...found: readonly (readonly [RegExp, string | undefined])[]): Set<string> {
  const names = new Set<string>();
  for (const [pattern, text] of found) {
    for (const [, name] of text?.matchAll(pattern) ?? []) {
      if (name && names.size < namesMax) names.add(name);
    }
  }
  return names;
}

const themeFont = /<a:minorFont>\s*<a:latin typeface="([^"]{1,100})"/gu;

function wordFonts(parts: Parts): Set<string> {
  const defaults = firstBetween(
    parts.get('word/styles.xml'),
    '<w:docDefaults>',
    '</w:docDefaults>',
  );
  const themed = defaults?.includes('w:asciiTheme="minor') === true;
  return collect(
    [/<w:rFonts [^<>]*\bw:ascii="([^"]{1,100})"/gu, parts.get('word/document.xml')],
    [/\bw:ascii="([^"]{1,100})"/gu, defaults],
    [themeFont, themed ? parts.get('word/theme/theme1.xml') : undefined],
  );
}

function slideFonts(parts: Parts): Set<string> {
  const slides = [...parts].filter(([name]) => name.startsWith('ppt/slides/'));
  return collect(
    ...slides.map(([, text]) => [/<a:latin typeface="([^"+]{1,100})"/gu, text] as const),
  );
}

/** The workbook's first font is that of every cell without another. */
function sheetFonts(parts: Parts): Set<string> {
  const first = firstBetween(parts.get('xl/styles.xml'), '<font>', '</font>');
  return collect([/<(?:name|rFont) val="([^"]{1,100})"/gu, first]);
}

/** Styles name a font by a word, and the declarations say which one that is. */
function openDocumentFonts(parts: Parts): Set<string> {
  const content = parts.get('content.xml') ?? '';
  const used = collect([/\bstyle:font-name="([^"]{1,100})"/gu, content]);
  const families = new Map<string, string>();
  for (const [, attributes = ''] of content.matchAll(/<style:font-face ([^<>]*)/gu)) {
    const name = /\bstyle:name="([^"]*)"/u.exec(attributes)?.[1];
    const family = /\bsvg:font-family="([^"]*)"/u.exec(attributes)?.[1];
    if (name === undefined || family === undefined) continue;
    families.set(name, family.replaceAll(/&apos;|'/gu, ''));
  }
  return new Set([...used].map((name) => families.get(name) ?? name));
}

/** The font that text has without another (`\deff`), by its entry in the table of fonts. */
function rtfFonts(head: string): Set<string> {
  const number = /\\deff(\d{1,5})/u.exec(head)?.[1] ?? '0';
  const start = head.indexOf('{\\fonttbl');
  const entry = new RegExp(`\\\\f${number}(?!\\d)`, 'u');
  // The name is what follows the last control word, up to the semicolon.
  for (const text of start < 0 ? [] : head.slice(start).split(/[{};]/u)) {
    const name = /^[^ ]* ([A-Za-z].*)$/su.exec(text.slice(text.lastIndexOf('\\')))?.[1];
    if (name !== undefined && name.length <= 100 && entry.test(text)) return new Set([name]);
  }
  return new Set();
}

/** From one mark to the next other one, both included: a pattern would look again from each of many. */
function firstBetween(text: string | undefined, from: string, to: string): string | undefined {
  const start = text?.indexOf(from) ?? -1;
  const end = start < 0 ? -1 : (text?.indexOf(to, start) ?? -1);
  return end < 0 ? undefined : text?.slice(start, end + to.length);
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
