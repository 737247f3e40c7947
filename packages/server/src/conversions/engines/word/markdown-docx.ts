import { readFile, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Engine, EngineResult, EngineTask } from '../engine.ts';
import {
  checkMarkdownSize,
  markdownShape,
  readMarkdown,
  type ReadingOptions,
} from '../markdown/read-markdown.ts';
import { writeDocx } from './write-docx.ts';

/** Markdown to a Word document. */
export const markdownDocxEngine: Engine = {
  name: 'docx-writer',
  pairs: [{ from: 'md', to: 'docx', options: z.strictObject(markdownShape) }],
  timeoutMs: 60_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  checkMarkdownSize((await stat(task.inputPath)).size);
  const text = readMarkdown(await readFile(task.inputPath), task.options as ReadingOptions);
  task.progress(10, 'converting');
  const { bytes, picturesLeft } = await writeDocx(text);
  await writeFile(task.outputPath, bytes);
  task.progress(100, 'converting');
  const detail = `${picturesLeft} pictures are not within the text and were replaced by their description.`;
  const dropped = picturesLeft > 0 ? [{ code: 'images_dropped', detail }] : [];
  return { format: 'docx', warnings: [...text.warnings, ...dropped] };
}
