import { isMap, parseDocument } from 'yaml';

/** What a text says about itself, as far as a page or a Word document has a place for it. */
export interface FrontMatter {
  readonly title?: string;
  readonly author?: string;
  readonly description?: string;
  /** A language tag such as `de-AT`. */
  readonly language?: string;
}

/** YAML takes its reader long: what is longer is text. */
const charsMax = 8 * 1024;
const valueCharsMax = 500;
const block = /^---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/u;
const languageTag = /^[a-z]{2,3}(?:-[a-z\d]{2,8}){0,4}$/iu;

/**
 * Takes YAML front matter off a text: a first line of `---`, a mapping, a line of `---` or `...`.
 * What only looks like it (a rule, a heading below another) stays text.
 */
export function takeFrontMatter(text: string): { about: FrontMatter; body: string } {
  const found = text.startsWith('---') ? block.exec(text.slice(0, charsMax)) : null;
  const values = found ? valuesOf(found[1] ?? '') : null;
  if (!found || !values) return { about: {}, body: text };
  return { about: read(values), body: text.slice(found[0].length) };
}

/** Null for what is no mapping. */
function valuesOf(yaml: string): Map<string, unknown> | null {
  if (yaml.trim() === '') return new Map();
  try {
    const document = parseDocument(yaml, { logLevel: 'silent', uniqueKeys: false });
    if (document.errors.length > 0 || !isMap(document.contents)) return null;
    return new Map(
      ['title', 'author', 'authors', 'description', 'lang', 'language'].map((name) => [
        name,
        // Aliases are left alone: they are what makes a small text large.
        plain(document.get(name)),
      ]),
    );
  } catch {
    return null;
  }
}

/** The text of a scalar, or of each scalar of a list. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (!('items' in value) || !Array.isArray(value.items)) return undefined;
  return value.items.map((item: unknown) =>
    item !== null && typeof item === 'object' && 'value' in item ? item.value : undefined,
  );
}

function read(values: Map<string, unknown>): FrontMatter {
  const title = textOf(values.get('title'));
  const author = textOf(values.get('author')) ?? textOf(values.get('authors'));
  const description = textOf(values.get('description'));
  const language = textOf(values.get('lang')) ?? textOf(values.get('language'));
  return {
    ...(title === undefined ? {} : { title }),
    ...(author === undefined ? {} : { author }),
    ...(description === undefined ? {} : { description }),
    ...(language !== undefined && languageTag.test(language) ? { language } : {}),
  };
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return textOf(value.flatMap((one) => textOf(one) ?? []).join(', '));
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).replaceAll(/\s+/gu, ' ').trim().slice(0, valueCharsMax);
  return text === '' ? undefined : text;
}
