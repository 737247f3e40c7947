import createMarkdownIt from 'markdown-it';
import type { MarkdownIt, Token } from 'markdown-it';
import definitionLists from 'markdown-it-deflist';
import { z } from 'zod';
import { EngineError, type Warning } from '../engine.ts';
import { decodeText } from '../text/decode.ts';
import { isSafePicture } from '../text/safe-address.ts';
import { addFootnotes, unusedNotes } from './footnotes.ts';
import { takeFrontMatter, type FrontMatter } from './front-matter.ts';
import { addHeadingIds } from './heading-ids.ts';
import { addLineBreaks } from './line-breaks.ts';
import { plainText } from './plain-text.ts';
import { addTaskLists } from './task-lists.ts';
import { addTextDirection } from './text-direction.ts';

/** How the text is read, whatever is made of it. */
export const markdownShape = {
  breaks: z.boolean().default(false).describe('Every line break of the text becomes one.'),
  linkify: z
    .boolean()
    .default(true)
    .describe('Makes links of bare addresses (https://…, www.…, e-mail).'),
  typographer: z.boolean().default(false).describe('Curly quotes, dashes, (c) and the like.'),
  title: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe("The document's title; without it the front matter's, else the first heading."),
};

const shape = z.strictObject(markdownShape);
export type ReadingOptions = z.infer<typeof shape>;

const sizeBytesMax = 10 * 1024 * 1024;
const labelsNamedMax = 20;
const labelCharsMax = 500;

export interface MarkdownText {
  readonly tokens: Token[];
  readonly about: FrontMatter;
  /** What of it is not shown. */
  readonly warnings: readonly Warning[];
  /** The body's HTML. */
  render(): string;
}

/** @throws EngineError `document_too_complex` */
export function checkMarkdownSize(sizeBytes: number): void {
  if (sizeBytes <= sizeBytesMax) return;
  const message = `A Markdown text may have at most ${sizeBytesMax} bytes.`;
  throw new EngineError('document_too_complex', message);
}

/**
 * Reads a text in GitHub's Markdown: CommonMark with tables, strikethrough, task lists, footnotes and
 * bare addresses as links; besides, definition lists and YAML front matter. Raw HTML stays text but
 * for `<br>`, and only links that cannot run code are made.
 *
 * @throws EngineError `document_invalid` for what is empty or not UTF-8
 */
export function readMarkdown(input: Buffer, options: ReadingOptions): MarkdownText {
  if (input.length === 0) throw new EngineError('document_invalid', 'The file is empty.');
  const text = decodeText(input, 'utf-8', 'Markdown is read as UTF-8');
  const { about, body } = takeFrontMatter(text);
  const markdown = readerFor(options);
  const env = {};
  const tokens = markdown.parse(body, env);
  if (options.breaks) breakLines(tokens);
  const title = options.title ?? about.title ?? firstHeading(tokens);
  return {
    tokens,
    about: title === null ? about : { ...about, title },
    warnings: warnOfUnused(unusedNotes(env)),
    render: () => markdown.renderer.render(tokens, markdown.options, env),
  };
}

/** For what is made of the tokens themselves: the reader's own option is one of its HTML only. */
function breakLines(tokens: readonly Token[]): void {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === 'softbreak') token.type = 'hardbreak';
  }
}

/** A reader keeps no state between texts and costs 100 µs to make: one for each choice. */
const readers = new Map<string, MarkdownIt>();

function readerFor({ breaks, linkify, typographer }: ReadingOptions): MarkdownIt {
  const key = `${breaks} ${linkify} ${typographer}`;
  const known = readers.get(key);
  if (known) return known;
  const markdown = createMarkdownIt({ html: false, breaks, linkify, typographer });
  // It asks for links and pictures alike.
  markdown.validateLink = isSafePicture;
  markdown.linkify.add('www.', webAddress);
  markdown.use(definitionLists).use(addFootnotes).use(addLineBreaks);
  markdown.use(addHeadingIds).use(addTaskLists).use(addTextDirection);
  readers.set(key, markdown);
  return markdown;
}

type Schema = Exclude<Parameters<MarkdownIt['linkify']['add']>[1], string | null>;

/** Not in linkify-it without "README.md" and the like; what follows is an address's host and path. */
const webAddress: Schema = {
  validate: (text, pos, { re }) => {
    const rest = re.get_relative_proto_validator();
    rest.lastIndex = pos;
    return rest.exec(text)?.[0].length ?? 0;
  },
  normalize: (match) => {
    match.url = `http://${match.url}`;
  },
};

function warnOfUnused(labels: readonly string[]): Warning[] {
  if (labels.length === 0) return [];
  const named = labels.slice(0, labelsNamedMax).join(', ').slice(0, labelCharsMax);
  const detail = `Nothing refers to these footnotes; they were left out: ${named}.`;
  return [{ code: 'footnotes_unused', detail }];
}

/** Its marks aside; null where there is none. */
function firstHeading(tokens: readonly Token[]): string | null {
  const at = tokens.findIndex(({ type }) => type === 'heading_open');
  const inline = at === -1 ? undefined : tokens[at + 1];
  const text = plainText(inline?.children ?? [])
    .trim()
    .slice(0, 500);
  return text === '' ? null : text;
}
