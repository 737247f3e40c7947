import type { PDFiumPage } from '@hyzyla/pdfium';
import type { Box, FilledIn } from './filled-in.ts';
import { PdfiumCalls } from './pdfium-calls.ts';

interface Line extends Box {
  readonly text: string;
}

const nowhere: Box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };

/** Points by which a field may reach over the text that it belongs to. */
const slack = 3;

/** What PDFium writes for a letter that it cannot name. */
const unnamed = '\ufffe';

/** The text of a page as PDFium gives it, but whole: it leaves out a letter at the end for each unnamed one. */
export function wholeText(page: PDFiumPage): string {
  const text = page.getText();
  return text.includes(unnamed) ? textWith(page, []) : text;
}

/**
 * The text of a page with what was filled in beside the words on its left, at its height; below the
 * lines above it where there are none.
 */
export function textWith(page: PDFiumPage, filledIn: readonly FilledIn[]): string {
  const lines: Line[] = linesOf(page);
  const readingOrder = filledIn.toSorted((one, other) => {
    const sameHeight = Math.abs(middle(one) - middle(other)) <= slack;
    return sameHeight ? one.left - other.left : middle(other) - middle(one);
  });
  for (const entry of readingOrder) place(entry, lines);
  return lines.map(({ text }) => text).join('\n');
}

function place(entry: FilledIn, lines: Line[]): void {
  const beside = lines.reduce<number>((best, line, at) => {
    const fits = isBeside(line, entry) && line.left <= entry.left + slack;
    return fits && line.right > (lines[best]?.right ?? -Infinity) ? at : best;
  }, -1);
  const line = lines[beside];
  if (line !== undefined && !entry.text.includes('\n')) {
    const right = Math.max(line.right, entry.right);
    lines[beside] = { ...line, right, text: `${line.text.trimEnd()} ${entry.text}` };
    return;
  }
  const above = lines.findLastIndex((one) => middle(one) >= middle(entry) || isBeside(one, entry));
  lines.splice(above + 1, 0, { ...entry });
}

/** Of one height with a line, or with the first line within a large field. */
function isBeside(line: Line, entry: FilledIn): boolean {
  const height = middle(line);
  return height >= entry.bottom - slack && height <= entry.top + slack;
}

function middle({ bottom, top }: Box): number {
  return (bottom + top) / 2;
}

function linesOf(page: PDFiumPage): Line[] {
  const pdfium = new PdfiumCalls(page);
  const textPage = pdfium.call('FPDFText_LoadPage', pdfium.page);
  if (textPage === 0) return [];
  try {
    return readLines(pdfium, textPage);
  } finally {
    pdfium.call('FPDFText_ClosePage', textPage);
  }
}

function readLines(pdfium: PdfiumCalls, textPage: number): Line[] {
  const count = pdfium.call('FPDFText_CountChars', textPage);
  const lines: Line[] = [];
  let text = '';
  let box = nowhere;
  const end = () => {
    lines.push({ text, ...box });
    [text, box] = ['', nowhere];
  };
  for (let index = 0; index < count; index += 1) {
    const code = pdfium.call('FPDFText_GetUnicode', textPage, index);
    const letter = code === 0 ? unnamed : String.fromCodePoint(code);
    if (letter === '\n') end();
    else if (letter !== '\r') text += letter;
    if (letter.trim() !== '') box = around(box, boxOf(pdfium, textPage, index));
  }
  if (text !== '') end();
  return lines;
}

function boxOf(pdfium: PdfiumCalls, textPage: number, index: number): Box {
  const { view, returned } = pdfium.read(32, (at) =>
    pdfium.call('FPDFText_GetCharBox', textPage, index, at, at + 8, at + 16, at + 24),
  );
  if (returned === 0) return nowhere;
  const [left = 0, right = 0, bottom = 0, top = 0] = [0, 8, 16, 24].map((at) =>
    view.getFloat64(at, true),
  );
  return { left, right, bottom, top };
}

function around(one: Box, other: Box): Box {
  return {
    left: Math.min(one.left, other.left),
    right: Math.max(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
    top: Math.max(one.top, other.top),
  };
}
