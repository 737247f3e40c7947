import { readFile, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { EngineError, type Engine, type EngineResult, type EngineTask } from './engine.ts';
import { decodeHtml } from './text/decode-html.ts';
import { writeMarkdown, type MarkdownStyle } from './text/write-markdown.ts';

const sizeBytesMax = 10 * 2 ** 20;

const options = z.strictObject({
  headings: z.enum(['atx', 'setext']).default('atx').describe('"# Title", or underlined.'),
  bullet: z.enum(['-', '*', '+']).default('-'),
  code: z.enum(['fenced', 'indented']).default('fenced'),
  links: z
    .enum(['inlined', 'referenced', 'dropped'])
    .default('inlined')
    .describe('"dropped" keeps only their text.'),
  images: z.boolean().default(true).describe('false leaves pictures out.'),
});

/** HTML to Markdown: what is read, without scripts and styles. */
export const htmlMarkdownEngine: Engine = {
  name: 'turndown',
  pairs: [{ from: 'html', to: 'md', options }],
  timeoutMs: 60_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const { size } = await stat(task.inputPath);
  if (size > sizeBytesMax) {
    const message = `A page may have at most ${sizeBytesMax} bytes.`;
    throw new EngineError('document_too_complex', message);
  }
  if (size === 0) throw new EngineError('document_invalid', 'The file is empty.');
  const html = decodeHtml(await readFile(task.inputPath));
  task.progress(10, 'converting');
  const markdown = writeMarkdown(html, task.options as MarkdownStyle);
  await writeFile(task.outputPath, markdown === '' ? '' : `${markdown}\n`);
  task.progress(100, 'converting');
  return { format: 'md', warnings: [] };
}
