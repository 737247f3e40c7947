import { readFile, writeFile } from 'node:fs/promises';
import { PDFDocument } from 'pdf-lib';
import { z } from 'zod';
import { EngineError, type EngineResult, type EngineTask, type Warning } from '../engine.ts';
import { pdfPagesMax } from '../bounds.ts';
import { copyPages, warnOfLostParts } from './copy-pages.ts';
import { appendImage, type ImagePageOptions } from './image-page.ts';
import { loadPdf, savePdf } from './load-pdf.ts';
import { lengthPattern } from './measures.ts';
import { readArchive, type ArchiveFile } from './read-archive.ts';

const imageShape = {
  paper: z
    .enum(['image', 'a3', 'a4', 'a5', 'letter', 'legal'])
    .default('image')
    .describe('"image": a page as large as the image at its dpi. A paper lies as the image does.'),
  margin: z
    .string()
    .regex(lengthPattern, 'It must be a length such as "10mm".')
    .default('0mm')
    .describe('Around the image.'),
  dpi: z
    .int()
    .min(18)
    .max(2400)
    .optional()
    .describe('Pixels an inch; without it what the image says, else 96.'),
};

export const imageOptions = z.strictObject(imageShape);
export const mergeOptions = z.strictObject(imageShape);

/** An image as a PDF of one page; of a TIFF all pages. */
export async function convertImage(task: EngineTask): Promise<EngineResult> {
  const pdf = await PDFDocument.create();
  const options = task.options as ImagePageOptions;
  const warnings = await appendImage(pdf, await readFile(task.inputPath), options);
  await writeFile(task.outputPath, await savePdf(pdf));
  return { format: 'pdf', warnings };
}

/** The PDFs and images of an archive as one PDF, in the order of their names: 2 before 10. */
export async function mergeArchive(task: EngineTask): Promise<EngineResult> {
  const { files, skipped } = await readArchive(task.inputPath);
  if (files.length === 0) {
    const message = 'The archive holds no PDF, PNG, JPEG, WEBP, GIF, AVIF or TIFF.';
    throw new EngineError('document_invalid', message);
  }
  const pdf = await PDFDocument.create();
  const warnings = skipped.length === 0 ? [] : [warnOfSkipped(skipped)];
  for (const [done, file] of files.entries()) {
    const lost = await append(pdf, file, task.options as ImagePageOptions);
    for (const warning of lost) {
      warnings.push({ ...warning, detail: `${file.name}: ${warning.detail}` });
    }
    if (pdf.getPageCount() > pdfPagesMax) {
      throw new EngineError(
        'document_too_complex',
        `The PDF would have over ${pdfPagesMax} pages.`,
      );
    }
    task.progress(((done + 1) / files.length) * 90, 'converting');
  }
  await writeFile(task.outputPath, await savePdf(pdf));
  return { format: 'pdf', warnings };
}

async function append(
  target: PDFDocument,
  { name, bytes, isPdf }: ArchiveFile,
  options: ImagePageOptions,
): Promise<Warning[]> {
  if (isPdf) {
    const source = await loadPdf(bytes, name);
    copyPages(target, source, source.getPageIndices());
    return warnOfLostParts([source]);
  }
  return appendImage(target, bytes, options).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, `${JSON.stringify(name)}: ${error.message}`, error);
  });
}

function warnOfSkipped(skipped: readonly string[]): Warning {
  const shown = skipped.slice(0, 10).map((name) => JSON.stringify(name.slice(0, 60)));
  const more = skipped.length > shown.length ? ` and ${skipped.length - shown.length} more` : '';
  const detail = `Neither PDF nor image, so left out: ${shown.join(', ')}${more}.`;
  return { code: 'entries_skipped', detail };
}
