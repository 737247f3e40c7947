import { writeFile } from 'node:fs/promises';
import type { PDFiumDocument } from '@hyzyla/pdfium';
import sharp, { type Sharp } from 'sharp';
import { z } from 'zod';
import { pixelsMax } from '../bounds.ts';
import { EngineError, type EngineResult, type EngineTask } from '../engine.ts';
import { pagesField } from './measures.ts';
import { openPage, withPdf } from './pdfium-document.ts';
import { selectedPages } from './selected-pages.ts';
import { numberedName, ZipOutput } from './zip-output.ts';

const pagesMax = 2000;

const shape = {
  dpi: z.int().min(18).max(1200).default(150).describe('Pixels an inch of paper.'),
  pages: pagesField
    .optional()
    .describe('Such as "1-3, 5, 8-"; without it all. Several pages come as a ZIP.'),
  grayscale: z.boolean().default(false),
};

export const pngOptions = z.strictObject({
  ...shape,
  transparent: z.boolean().default(false).describe('Leaves out the white of the paper.'),
});
export const jpegOptions = z.strictObject({
  ...shape,
  quality: z.int().min(1).max(100).default(85),
});

type ImageOptions = Partial<z.infer<typeof pngOptions>> &
  Partial<z.infer<typeof jpegOptions>> & { readonly dpi: number };

/** Each page of a PDF as an image: one page as such, several as a ZIP of them. */
export function convertToImages(task: EngineTask): Promise<EngineResult> {
  const options = task.options as ImageOptions;
  return withPdf(task, async (pdf) => {
    const pages = selectedPages(options.pages, pdf.getPageCount(), pagesMax);
    const [first = 0] = pages;
    if (pages.length === 1) {
      const image = await drawPage(pdf, first, task);
      await writeFile(task.outputPath, await image.toBuffer());
      task.progress(100, 'converting');
      return { format: task.to, warnings: [] };
    }
    const zip = new ZipOutput(task);
    const extension = task.to === 'jpeg' ? 'jpg' : task.to;
    // The one before is still being packed, in another thread, while a page is drawn.
    let packing = Promise.resolve();
    for (const [done, page] of [...new Set(pages)].entries()) {
      const image = await drawPage(pdf, page, task);
      await packing;
      const name = numberedName('page', page + 1, pdf.getPageCount(), extension);
      packing = image.toBuffer().then((bytes) => zip.add(name, bytes));
      // Its failure is seen at the next await.
      packing.catch(() => {});
      task.progress(((done + 1) / pages.length) * 100, 'converting');
    }
    await packing;
    await zip.end();
    return { format: 'zip', warnings: [] };
  });
}

async function drawPage(pdf: PDFiumDocument, index: number, task: EngineTask): Promise<Sharp> {
  const options = task.options as ImageOptions;
  const page = openPage(pdf, index);
  const { originalWidth, originalHeight } = page.getOriginalSize();
  const width = Math.max(1, Math.round((originalWidth * options.dpi) / 72));
  const height = Math.max(1, Math.round((originalHeight * options.dpi) / 72));
  if (!(width * height <= pixelsMax)) {
    throw new EngineError(
      'document_too_complex',
      `Page ${index + 1} would have ${width} × ${height} pixels; ${pixelsMax} are drawn at most. ` +
        'Use a lower "dpi".',
    );
  }
  const transparent = options.transparent === true;
  const { data } = await page.render({
    width,
    height,
    scale: 1,
    render: 'bitmap',
    renderFormFields: true,
    transparent,
  });
  const image = sharp(data, { raw: { width, height, channels: 4 } }).withMetadata({
    density: options.dpi,
  });
  if (!transparent) image.removeAlpha();
  if (options.grayscale === true) image.grayscale();
  return task.to === 'jpeg'
    ? image.jpeg({ quality: options.quality ?? 85 })
    : image.png({ compressionLevel: 3 });
}
