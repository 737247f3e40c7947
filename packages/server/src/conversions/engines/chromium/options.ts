import { z } from 'zod';
import { lengthInPixels, lengthPattern, pagesField } from '../pdf/measures.ts';
import { templateProblem } from './template.ts';

const length = (what: string) =>
  z
    .string()
    .regex(lengthPattern, 'It must be a length such as "20mm", "1.5cm", "0.5in", "72pt" or "96px".')
    .describe(what);

const paperLength = (what: string) =>
  length(what).refine((text) => {
    const pixels = lengthInPixels(text);
    return pixels >= 48 && pixels <= 19_200;
  }, 'It must be between 0.5in and 200in.');

const template = (what: string) =>
  z
    .string()
    .max(2000)
    .superRefine((text, context) => {
      const problem = templateProblem(text);
      if (problem !== null) context.addIssue(problem);
    })
    .describe(
      `${what}: text, or HTML of div, span, p, b, strong, i, em, u, small and br with class and ` +
        'style. The classes pageNumber, totalPages, title and date are filled in.',
    );

/** For every HTML that is rendered. */
export const scriptShape = {
  javascript: z
    .boolean()
    .default(false)
    .describe('Runs the scripts of the page itself; no script ever reaches an address.'),
  wait_for: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .describe('Milliseconds to wait after the page has loaded, for scripts and animations.'),
};

export const printShape = {
  paper: z
    .enum(['a3', 'a4', 'a5', 'letter', 'legal', 'tabloid'])
    .optional()
    .describe('Without it what the page itself says (@page size), else A4.'),
  width: paperLength("The paper's width, with height, in place of paper.").optional(),
  height: paperLength("The paper's height, with width.").optional(),
  orientation: z.enum(['portrait', 'landscape']).optional(),
  margin: length('All four margins.').default('12mm'),
  margin_top: length('The top margin; with a header 20mm if not given.').optional(),
  margin_right: length('The right margin.').optional(),
  margin_bottom: length('The bottom margin; with a footer 20mm if not given.').optional(),
  margin_left: length('The left margin.').optional(),
  header: template('Printed on top of every page').optional(),
  footer: template('Printed at the bottom of every page').optional(),
  scale: z.number().min(0.1).max(2).default(1),
  background: z.boolean().default(true).describe('Prints background colours and pictures.'),
  pages: pagesField.optional().describe('The pages to print, such as "1-3, 5"; without it all.'),
};

const shotShape = {
  width: z.int().min(16).max(8192).default(1280).describe('The width of the window in pixels.'),
  height: z.int().min(16).max(8192).default(800).describe('The height of the window in pixels.'),
  full_page: z
    .boolean()
    .default(true)
    .describe('The whole page; false shows only what fits into the window.'),
  device_scale_factor: z
    .number()
    .min(0.25)
    .max(4)
    .default(1)
    .describe('Pixels of the image for each pixel of the page.'),
};

export const pngShape = {
  ...shotShape,
  transparent: z.boolean().default(false).describe('Leaves out the white behind the page.'),
};

export const jpegShape = {
  ...shotShape,
  quality: z.int().min(1).max(100).default(85),
};

const printOptions = z.object(printShape);
const shotOptions = z.object(shotShape).extend({
  transparent: z.boolean().optional(),
  quality: z.int().optional(),
});
const scriptOptions = z.object(scriptShape).partial();

export type PrintOptions = z.infer<typeof printOptions>;
export type ShotOptions = z.infer<typeof shotOptions>;
export type ScriptOptions = z.infer<typeof scriptOptions>;

/** Width and height are one choice. */
export function checkPaper(
  options: { width?: unknown; height?: unknown },
  context: z.core.$RefinementCtx,
): void {
  if ((options.width === undefined) === (options.height === undefined)) return;
  const path = [options.width === undefined ? 'width' : 'height'];
  context.issues.push({
    code: 'custom',
    path,
    message: 'Width and height of the paper go together.',
    input: options,
  });
}
