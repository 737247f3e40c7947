import type { Page } from 'playwright-core';
import { EngineError } from '../engine.ts';
import { lengthInPixels } from '../pdf/measures.ts';
import type { PrintOptions } from './options.ts';
import { wholeTemplate } from './template.ts';

/** Paper sizes in CSS pixels, upright. */
const papers = {
  a3: [1122.52, 1587.4],
  a4: [793.7, 1122.52],
  a5: [559.37, 793.7],
  letter: [816, 1056],
  legal: [816, 1344],
  tabloid: [1056, 1632],
} as const;

const pagesMax = 5000;

/**
 * Prints a loaded page to PDF, with bookmarks from its headings and tags for screen readers.
 *
 * @throws EngineError `invalid_request` for pages that do not exist or margins that leave no room,
 * `document_too_complex` for more than 5,000 pages
 */
export async function print(page: Page, options: PrintOptions): Promise<Buffer> {
  const { header, footer, pages } = options;
  const [width, height] = paperOf(options);
  const margin = marginsOf(options);
  const room = [width - margin.left - margin.right, height - margin.top - margin.bottom] as const;
  if (Math.min(...room) < 10) {
    throw new EngineError('invalid_request', 'The margins leave no room on the paper.');
  }
  await page.emulateMedia({ media: 'print' });
  await checkLength(page, room[1] / options.scale);
  try {
    return await page.pdf({
      width,
      height,
      margin,
      // What the page says counts where the caller says nothing.
      preferCSSPageSize: !options.paper && !options.width && !options.orientation,
      displayHeaderFooter: header !== undefined || footer !== undefined,
      headerTemplate: wholeTemplate(header),
      footerTemplate: wholeTemplate(footer),
      scale: options.scale,
      printBackground: options.background,
      pageRanges: (pages ?? '').replaceAll(/\s/gu, ''),
      outline: true,
      tagged: true,
    });
  } catch (error) {
    throw explain(error, pages);
  }
}

function paperOf({ paper, width, height, orientation }: PrintOptions): readonly [number, number] {
  const [across, down] =
    width !== undefined && height !== undefined
      ? [lengthInPixels(width), lengthInPixels(height)]
      : papers[paper ?? 'a4'];
  return orientation === 'landscape' ? [down, across] : [across, down];
}

function marginsOf(options: PrintOptions) {
  const { header, footer, margin } = options;
  const pixels = (own: string | undefined, other: string = margin) => lengthInPixels(own ?? other);
  return {
    top: pixels(options.margin_top, header === undefined ? margin : '20mm'),
    right: pixels(options.margin_right),
    bottom: pixels(options.margin_bottom, footer === undefined ? margin : '20mm'),
    left: pixels(options.margin_left),
  };
}

/** A page of a few bytes can be thousands of kilometres high. */
async function checkLength(page: Page, heightOnPaper: number): Promise<void> {
  const height = await page.evaluate(() => {
    const { document } = globalThis as unknown as {
      document: { documentElement: { scrollHeight: number } };
    };
    return document.documentElement.scrollHeight;
  });
  if (height <= pagesMax * heightOnPaper) return;
  const message = `The document would have more than ${pagesMax} pages.`;
  throw new EngineError('document_too_complex', message);
}

function explain(error: unknown, pages: string | undefined): unknown {
  const text = String(error);
  if (pages !== undefined && /page range/iu.test(text)) {
    const message = `The document does not have the pages ${pages} ("pages").`;
    return new EngineError('invalid_request', message, error);
  }
  return error;
}
