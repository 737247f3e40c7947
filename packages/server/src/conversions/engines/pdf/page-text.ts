import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import type { EngineResult, EngineTask, Warning } from '../engine.ts';
import { pdfPagesMax } from '../bounds.ts';
import { filledInOn } from './filled-in.ts';
import { pagesField } from './measures.ts';
import { textWith, wholeText } from './placed-lines.ts';
import { closePage, openPage, withPdf } from './pdfium-document.ts';
import { selectedPages } from './selected-pages.ts';

export const textOptions = z.strictObject({
  pages: pagesField.optional().describe('Such as "1-3, 5, 8-"; without it all.'),
});

/** The text of a PDF in UTF-8, line by line, with a form feed between two pages. */
export function convertToText(task: EngineTask): Promise<EngineResult> {
  const { pages } = task.options as z.infer<typeof textOptions>;
  return withPdf(task, async (pdf) => {
    const indices = selectedPages(pages, pdf.getPageCount(), pdfPagesMax);
    const output = createWriteStream(task.outputPath);
    let letters = 0;
    for (const [done, index] of indices.entries()) {
      const page = openPage(pdf, index);
      const filledIn = filledInOn(pdf, page);
      const text = asLines(filledIn.length === 0 ? wholeText(page) : textWith(page, filledIn));
      closePage(page);
      letters += text.trim().length;
      output.write(done === 0 ? text : `\f${text}`);
      task.progress(((done + 1) / indices.length) * 100, 'converting');
    }
    output.end();
    await finished(output);
    return { format: 'txt', warnings: letters === 0 ? [noText] : [] };
  });
}

const noText: Warning = {
  code: 'no_text',
  detail: 'The PDF has no text, only pictures of it, as scans have.',
};

/** PDFium marks a hyphen at the end of a line by U+0002, and a letter that it cannot name by U+FFFE. */
function asLines(text: string): string {
  const lines = text
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n')
    .replaceAll('\u0002', '-')
    .replaceAll('\ufffe', '\ufffd')
    .replaceAll('\0', '')
    // Numbers of glyphs, where a font names no letters.
    .replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd')
    .split('\n')
    .map((line) => line.trimEnd());
  const whole = lines.join('\n').trimEnd();
  return whole === '' ? '' : `${whole}\n`;
}
