import { readFile, writeFile } from 'node:fs/promises';
import { degrees, PDFDocument } from 'pdf-lib';
import { z } from 'zod';
import type { EngineResult, EngineTask } from '../engine.ts';
import { pdfPagesMax } from '../bounds.ts';
import { copyPages, warnOfLostParts } from './copy-pages.ts';
import { loadPdf, savePdf } from './load-pdf.ts';
import { pagesField } from './measures.ts';
import { selectedPages } from './selected-pages.ts';
import { numberedName, ZipOutput } from './zip-output.ts';

const filesMax = 2000;

export const arrangeOptions = z.strictObject({
  pages: pagesField
    .optional()
    .describe('The pages to keep, in this order: "3, 1-2, 8-"; "9-1" is backwards.'),
  rotate: z
    .union([z.literal(90), z.literal(180), z.literal(270)])
    .optional()
    .describe('Turns the pages clockwise by so many degrees.'),
  split: z
    .int()
    .min(1)
    .max(pdfPagesMax)
    .optional()
    .describe('Makes files of so many pages each, in a ZIP.'),
});

/** Keeps, orders, turns and splits the pages of a PDF. Without options it writes it anew. */
export async function arrange(task: EngineTask): Promise<EngineResult> {
  const { pages, rotate, split } = task.options as z.infer<typeof arrangeOptions>;
  const source = await loadPdf(await readFile(task.inputPath));
  task.progress(20, 'converting');
  if (rotate !== undefined) turn(source, rotate);
  if (pages === undefined && split === undefined) {
    await writeFile(task.outputPath, await savePdf(source));
    return { format: 'pdf', warnings: [] };
  }
  const indices = selectedPages(pages, source.getPageCount(), pdfPagesMax);
  const warnings = warnOfLostParts([source]);
  if (split === undefined) {
    await writeFile(task.outputPath, await savePdf(await extract(source, indices)));
    return { format: 'pdf', warnings };
  }
  const count = Math.ceil(indices.length / split);
  selectedPages(undefined, count, filesMax);
  const zip = new ZipOutput(task);
  for (let number = 1; number <= count; number += 1) {
    const part = await extract(source, indices.slice((number - 1) * split, number * split));
    zip.add(numberedName('part', number, count, 'pdf'), Buffer.from(await savePdf(part)));
    task.progress(20 + (number / count) * 80, 'converting');
  }
  await zip.end();
  return { format: 'zip', warnings };
}

function turn(source: PDFDocument, rotate: number): void {
  for (const page of source.getPages()) {
    page.setRotation(degrees((page.getRotation().angle + rotate) % 360));
  }
}

async function extract(source: PDFDocument, indices: readonly number[]): Promise<PDFDocument> {
  const target = await PDFDocument.create();
  copyPages(target, source, indices);
  const title = source.getTitle();
  if (title !== undefined) target.setTitle(title);
  return target;
}
