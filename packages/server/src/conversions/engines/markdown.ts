import { readFile, stat, writeFile } from 'node:fs/promises';
import createMarkdownIt from 'markdown-it';
import type { MarkdownIt } from 'markdown-it';
import { z } from 'zod';
import { EngineError } from './engine.ts';
import type { Engine, EngineResult, EngineTask, InlineTask } from './engine.ts';
import { checkExpansion } from './text/bounds.ts';
import { decodeText } from './text/decode.ts';
import { isSafePicture } from './text/safe-address.ts';

/** How the text is read, whatever is made of it. */
export const markdownShape = {
  breaks: z.boolean().default(false).describe('Every line break of the text becomes one.'),
  linkify: z.boolean().default(false).describe('Makes links of bare addresses.'),
  typographer: z.boolean().default(false).describe('Curly quotes, dashes, (c) and the like.'),
  title: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe("The page's title; without it the first heading."),
};

const options = z.strictObject({
  fragment: z.boolean().default(false).describe('Only what goes into a page, without the page.'),
  ...markdownShape,
});

type MarkdownOptions = z.infer<typeof options>;

const sizeBytesMax = 10 * 1024 * 1024;

/**
 * Markdown (CommonMark with tables and strikethrough) to a complete HTML page. Raw HTML in the
 * text is shown as text, and only links that cannot run code are made.
 */
export const markdownEngine: Engine = {
  name: 'markdown-it',
  pairs: [{ from: 'md', to: 'html', options }],
  timeoutMs: 60_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  // The worst text of this size that we know ('![' repeated) takes 0.2 s; of 64 KB, 0.7 s.
  inline: { sizeBytesMax: 32 * 1024, run: runInline },
};

const result: EngineResult = { format: 'html', warnings: [] };

async function run(task: EngineTask): Promise<EngineResult> {
  const { size } = await stat(task.inputPath);
  if (size > sizeBytesMax) {
    throw new EngineError(
      'document_too_complex',
      `A Markdown text may have at most ${sizeBytesMax} bytes.`,
    );
  }
  const input = await readFile(task.inputPath, { signal: task.signal });
  task.progress(10, 'converting');
  const html = convertMarkdown(input, task.options as MarkdownOptions);
  task.signal.throwIfAborted();
  await writeFile(task.outputPath, html);
  task.progress(100, 'converting');
  return result;
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  return { bytes: convertMarkdown(task.input, task.options as MarkdownOptions), result };
}

function convertMarkdown(input: Buffer, parsed: MarkdownOptions): Buffer {
  const { title, body } = renderMarkdown(input, parsed);
  const html = Buffer.from(parsed.fragment ? body : markdownPage(title, body, screenStyle));
  checkExpansion(input.length, html.length);
  return html;
}

/**
 * A Markdown text as the HTML of a body, with the title that its page should have.
 *
 * @throws EngineError `document_invalid` for what is empty or not UTF-8
 */
export function renderMarkdown(
  input: Buffer,
  parsed: Omit<MarkdownOptions, 'fragment'>,
): { title: string; body: string } {
  if (input.length === 0) throw new EngineError('document_invalid', 'The file is empty.');
  const text = decodeText(input, 'utf-8', 'Markdown is read as UTF-8');
  const { breaks, linkify, typographer } = parsed;
  const markdown = rendererFor({ breaks, linkify, typographer });
  const env = {};
  const tokens = markdown.parse(text, env);
  const body = markdown.renderer.render(tokens, markdown.options, env);
  return { title: parsed.title ?? firstHeading(tokens) ?? 'Document', body };
}

type Tokens = ReturnType<MarkdownIt['parse']>;
type Rendering = Pick<MarkdownOptions, 'breaks' | 'linkify' | 'typographer'>;

/** A renderer keeps no state between texts and costs 100 µs to make: one for each choice. */
const renderers = new Map<string, MarkdownIt>();

function rendererFor(rendering: Rendering): MarkdownIt {
  const key = `${rendering.breaks} ${rendering.linkify} ${rendering.typographer}`;
  const known = renderers.get(key);
  if (known) return known;
  const markdown = createMarkdownIt({ html: false, ...rendering });
  // It asks for links and pictures alike.
  markdown.validateLink = isSafePicture;
  renderers.set(key, markdown);
  return markdown;
}

/** The text of the first heading, its marks aside; null where there is none. */
function firstHeading(tokens: Tokens): string | null {
  const at = tokens.findIndex(({ type }) => type === 'heading_open');
  const inline = at === -1 ? undefined : tokens[at + 1];
  const text = plainText(inline?.children ?? [])
    .trim()
    .slice(0, 500);
  return text === '' ? null : text;
}

function plainText(tokens: Tokens): string {
  return tokens
    .map((token) => {
      if (token.type === 'softbreak' || token.type === 'hardbreak') return ' ';
      return token.type === 'text' || token.type === 'code_inline' || token.type === 'image'
        ? token.content
        : '';
    })
    .join('');
}

/** For reading on a screen. */
export const screenStyle = `
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; }
img { max-width: 100%; }
pre, code { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { padding: 1rem; overflow: auto; background: #f5f5f5; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 4px solid #ccc; color: #555; }
table { border-collapse: collapse; }
th, td { padding: 0.3rem 0.7rem; border: 1px solid #ccc; }
`;

/** A complete page around a body. */
export function markdownPage(title: string, body: string, style: string): string {
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
