import { writeFile } from 'node:fs/promises';
import type { Engine, EngineResult, EngineTask, Warning } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { checkDocument } from '../office/check/check-document.ts';
import { writeMarkdown, type MarkdownStyle } from '../text/write-markdown.ts';
import { htmlOptions, markdownOptions, textOptions } from './options.ts';
import { plainTextOf } from './plain-text.ts';
import { readWord } from './read-word.ts';

/** DOCX to HTML, Markdown and plain text: what it says, not how it looks. */
export const wordEngine: Engine = {
  name: 'mammoth',
  pairs: [
    { from: 'docx', to: 'html', options: htmlOptions },
    { from: 'docx', to: 'md', options: markdownOptions },
    { from: 'docx', to: 'txt', options: textOptions },
  ],
  timeoutMs: 60_000,
  memoryBytesMax: 1024 * 1024 * 1024,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  await checkDocument(task.inputPath, 'docx');
  task.progress(10, 'converting');
  const { text, warnings } = await convert(task).catch((error: unknown) => {
    throw explain(error);
  });
  await writeFile(task.outputPath, text);
  task.progress(100, 'converting');
  return { format: task.to, warnings };
}

/** A full disk is no fault of the document; what outgrows the stack or a string is. */
function explain(error: unknown): unknown {
  if (error instanceof EngineError) return error;
  if (error instanceof Error && 'syscall' in error) return error;
  if (error instanceof RangeError) {
    const message = 'The document is too large or nested too deeply to be read as text.';
    return new EngineError('document_too_complex', message, error);
  }
  const message = 'The document is damaged: its text cannot be read.';
  return new EngineError('document_invalid', message, error);
}

/** What is to be left out is left out when the document is read. */
const markdownStyle: MarkdownStyle = {
  headings: 'atx',
  bullet: '-',
  code: 'fenced',
  links: 'inlined',
  images: true,
};

async function convert(task: EngineTask): Promise<{ text: string; warnings: readonly Warning[] }> {
  const { inputPath: path, options } = task;
  if (task.to === 'txt') {
    const { html, warnings } = await readWord(path, 'drop');
    return { text: `${plainTextOf(html)}\n`, warnings };
  }
  if (task.to === 'md') {
    const { html, warnings } = await readWord(path, markdownOptions.parse(options).images);
    return { text: `${writeMarkdown(html, markdownStyle)}\n`, warnings };
  }
  const { images, fragment } = htmlOptions.parse(options);
  const { html, warnings } = await readWord(path, images);
  return { text: fragment ? html : page(html), warnings };
}

const titleCharsMax = 500;

/** Titled by its first heading; each paragraph runs as its first letter does. */
function page(body: string): string {
  const [, heading = ''] = /<h[1-6]>([\s\S]*?)<\/h[1-6]>/u.exec(body) ?? [];
  const title =
    heading
      .replaceAll(/<[^>]*>/gu, '')
      .trim()
      .slice(0, titleCharsMax) || 'Document';
  const style = 'body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.6 sans-serif}';
  return `<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>${title}</title><style>${style}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3rem .7rem}img{max-width:100%}
p,li,td,th,h1,h2,h3,h4,h5,h6{unicode-bidi:plaintext}
</style></head>
<body>
${body}
</body>
</html>
`;
}
