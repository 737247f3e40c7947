import { EngineError } from '../engine.ts';
import { CsvReader } from './csv-reader.ts';

/** This much of the text decides; the same for files and for texts in memory. */
export const sampleChars = 64 * 1024;

const candidates = [',', ';', '\t', '|'] as const;
const recordsMax = 100;

/**
 * Finds the delimiter of a CSV by its beginning: the one that cuts the most records into as many
 * fields as the first; among equals the one with more fields, then `,` before `;`, tab and `|`.
 * `,` where nothing fits (one column).
 */
export function sniffDelimiter(text: string): string {
  const sample = text.slice(0, sampleChars);
  const firstLine = sample.trimStart().split(/[\r\n]/u, 1)[0] ?? '';
  // A quoted name may hold a line break, so then the first line is not all of the header.
  const header = firstLine.includes('"') ? sample : firstLine;
  const present = candidates.filter((delimiter) => header.includes(delimiter));
  if (present.length === 0) return ',';
  if (present.length === 1) return present[0] ?? ',';
  const complete = text.length < sampleChars;
  let best = { delimiter: ',', share: 0, fields: 0 };
  for (const delimiter of present) {
    const scored = { delimiter, ...score(sample, delimiter, complete) };
    const better =
      scored.share > best.share || (scored.share === best.share && scored.fields > best.fields);
    if (better) best = scored;
  }
  return best.delimiter;
}

/** Thrown by ourselves to stop the reader early. */
const enough = new Error('enough');

function score(sample: string, delimiter: string, complete: boolean) {
  const counts: number[] = [];
  const reader = new CsvReader(delimiter, (fields) => {
    if (counts.push(fields.length) >= recordsMax) throw enough;
  });
  try {
    reader.write(sample);
    if (complete || counts.length === 0) reader.end();
  } catch (error) {
    // With the wrong delimiter quotes fall in the middle of fields: not this one.
    if (error instanceof EngineError) return { share: 0, fields: 0 };
    if (error !== enough) throw error;
  }
  const fields = counts[0] ?? 0;
  if (fields < 2) return { share: 0, fields: 0 };
  return { share: counts.filter((count) => count === fields).length / counts.length, fields };
}
