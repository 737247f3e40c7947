import { readFile, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Engine, EngineResult, EngineTask, InlineTask, Warning } from '../engine.ts';
import { checkExpansion } from '../text/bounds.ts';
import { markdownPage, screenStyle } from './page.ts';
import { checkMarkdownSize, markdownShape, readMarkdown } from './read-markdown.ts';

const options = z.strictObject({
  fragment: z.boolean().default(false).describe('Only what goes into a page, without the page.'),
  ...markdownShape,
});

type MarkdownOptions = z.infer<typeof options>;

/** Markdown to a complete HTML page, or to what goes into one. */
export const markdownEngine: Engine = {
  name: 'markdown-it',
  pairs: [{ from: 'md', to: 'html', options }],
  timeoutMs: 60_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
  // The worst texts of this size that we know (`![` repeated; front matter of `{}`) take 0.2 s.
  inline: { sizeBytesMax: 32 * 1024, run: runInline },
};

async function run(task: EngineTask): Promise<EngineResult> {
  checkMarkdownSize((await stat(task.inputPath)).size);
  const input = await readFile(task.inputPath, { signal: task.signal });
  task.progress(10, 'converting');
  const { html, warnings } = convertMarkdown(input, task.options as MarkdownOptions);
  task.signal.throwIfAborted();
  await writeFile(task.outputPath, html);
  task.progress(100, 'converting');
  return { format: 'html', warnings };
}

function runInline(task: InlineTask): { bytes: Buffer; result: EngineResult } {
  const { html, warnings } = convertMarkdown(task.input, task.options as MarkdownOptions);
  return { bytes: html, result: { format: 'html', warnings } };
}

function convertMarkdown(
  input: Buffer,
  parsed: MarkdownOptions,
): { html: Buffer; warnings: readonly Warning[] } {
  const text = readMarkdown(input, parsed);
  const html = Buffer.from(parsed.fragment ? text.render() : markdownPage(text, screenStyle));
  checkExpansion(input.length, html.length);
  return { html, warnings: text.warnings };
}
