import type { Format } from '../engines/engine.ts';

/** A conversion made of two: at one unit, for the output of the first step is nobody's. */
export interface Chain {
  readonly from: Format;
  readonly via: Format;
  readonly to: Format;
}

const documents: readonly Format[] = ['docx', 'doc', 'odt', 'rtf', 'pptx', 'ppt', 'odp'];
const sheets: readonly Format[] = ['xlsx', 'xlsm', 'xlsb', 'xls', 'ods'];
const pageTargets: readonly Format[] = ['png', 'jpeg', 'txt'];

/** Used for what no engine does in one step; the first of several that are possible. */
export const chains: readonly Chain[] = [
  // What it says, as a Word document: headings, lists and tables, which a page has lost.
  ...(['doc', 'odt', 'rtf'] as const).flatMap((from) =>
    (['html', 'md', 'txt'] as const).map((to) => ({ from, via: 'docx' as const, to })),
  ),
  ...[...documents, ...sheets].flatMap((from) =>
    pageTargets.map((to) => ({ from, via: 'pdf' as const, to })),
  ),
  { from: 'md', via: 'docx', to: 'pdf' },
  { from: 'md', via: 'docx', to: 'txt' },
  { from: 'html', via: 'md', to: 'docx' },
  ...(['svg', 'heic'] as const).map((from) => ({ from, via: 'png' as const, to: 'pdf' as const })),
  { from: 'xml', via: 'json', to: 'yaml' },
  { from: 'yaml', via: 'json', to: 'xml' },
];

/** Used for files above what the engine of a pair takes (`inputBytesMax`). */
export const chainsForLarge: readonly Chain[] = (['xls', 'xlsb'] as const).flatMap((from) =>
  (['csv', 'json', 'ndjson'] as const).map((to) => ({ from, via: 'xlsx' as const, to })),
);
