import { z } from 'zod';

/** A length with its unit, as in CSS. */
export const lengthPattern = /^\d{1,5}(?:\.\d{1,4})?(?:mm|cm|in|pt|px)$/u;

const pixelsOf: Readonly<Record<string, number>> = {
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  in: 96,
  pt: 96 / 72,
  px: 1,
};

/** A length that matches `lengthPattern`, in CSS pixels: 96 to the inch. */
export function lengthInPixels(text: string): number {
  const unit = text.slice(-2);
  return Number(text.slice(0, -2)) * (pixelsOf[unit] ?? 1);
}

/** Pages from 1 on, and ranges of them, of which the last may be open: `1-3, 5, 8-`. */
export const pagesField = z
  .string()
  .regex(
    /^\s*\d{1,6}\s*(?:-\s*(?:\d{1,6})?\s*)?(?:,\s*\d{1,6}\s*(?:-\s*(?:\d{1,6})?\s*)?)*$/u,
    'It must be pages and ranges of them, such as "1-3, 5".',
  );

/**
 * The pages that a `pagesField` names, as indices from 0, in its order.
 *
 * @returns null where one of them does not exist
 */
export function pageIndices(text: string, pageCount: number): number[] | null {
  const indices: number[] = [];
  for (const part of text.split(',')) {
    const [first = '', last] = part.split('-').map((word) => word.trim());
    const from = Number(first);
    const to = last === undefined ? from : last === '' ? pageCount : Number(last);
    if (from < 1 || from > pageCount || to < 1 || to > pageCount) return null;
    const step = to < from ? -1 : 1;
    for (let page = from; page !== to + step; page += step) {
      indices.push(page - 1);
      if (indices.length > 100_000) return null;
    }
  }
  return indices;
}
