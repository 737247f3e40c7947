import { EngineError } from '../engine.ts';

/** One record or one JSON element, in characters. */
export const recordCharsMax = 16 * 1024 * 1024;

/** What Excel's widest sheet has. */
export const columnsMax = 16_384;

/** All column names together, in characters: JSON repeats them in every row. */
export const headerCharsMax = 1024 * 1024;

const expansionGraceBytes = 16 * 1024 * 1024;
const expansionRatioMax = 100;

/**
 * Refuses an output that is absurdly larger than its input: two bytes of CSV can repeat a megabyte
 * of column names. Honest files stay under 60 times, with indentation.
 *
 * @throws EngineError `document_too_complex`
 */
export function checkExpansion(bytesIn: number, bytesOut: number): void {
  if (bytesOut > expansionGraceBytes && bytesOut > expansionRatioMax * bytesIn) {
    throw new EngineError(
      'document_too_complex',
      `The output would be more than ${expansionRatioMax} times as large as the input.`,
    );
  }
}
