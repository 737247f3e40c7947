import { readFile, stat, writeFile } from 'node:fs/promises';
import createMarkdownIt from 'markdown-it';
import { z } from 'zod';
import { EngineError, type Engine, type EngineResult, type EngineTask } from '../engine.ts';
import { makeDocx } from '../office/make-docx.ts';
import { decodeText } from '../text/decode.ts';
import { contentTypes, styles } from './docx-parts.ts';
import { isSafeLink } from '../text/safe-address.ts';
import { DocxWriter } from './docx-writer.ts';

const sizeBytesMax = 10 * 1024 * 1024;
const pictureAddress = /^data:image\/(?:png|jpeg);base64,/iu;

const markdown = createMarkdownIt({ html: false });
markdown.validateLink = (url) => isSafeLink(url) || pictureAddress.test(url);

/** Markdown (CommonMark with tables and strikethrough) to a Word document. */
export const markdownDocxEngine: Engine = {
  name: 'docx-writer',
  pairs: [{ from: 'md', to: 'docx', options: z.strictObject({}) }],
  timeoutMs: 60_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const { size } = await stat(task.inputPath);
  if (size === 0) throw new EngineError('document_invalid', 'The file is empty.');
  if (size > sizeBytesMax) {
    const message = `A Markdown text may have at most ${sizeBytesMax} bytes.`;
    throw new EngineError('document_too_complex', message);
  }
  const input = await readFile(task.inputPath);
  const text = decodeText(input, 'utf-8', 'Markdown is read as UTF-8');
  task.progress(10, 'converting');
  const { body, parts, picturesLeft } = new DocxWriter().write(markdown.parse(text, {}));
  const all = { '[Content_Types].xml': contentTypes, 'word/styles.xml': styles, ...parts };
  await writeFile(task.outputPath, await makeDocx(body, all));
  task.progress(100, 'converting');
  const detail = `${picturesLeft} pictures are not within the text and were replaced by their description.`;
  const warnings = picturesLeft > 0 ? [{ code: 'images_dropped', detail }] : [];
  return { format: 'docx', warnings };
}
