import type { Format } from './engines/engine.ts';

/** A conversion made of two: at one unit, for the output of the first step is nobody's. */
export interface Chain {
  readonly from: Format;
  readonly via: Format;
  readonly to: Format;
}

const documents: readonly Format[] = ['docx', 'doc', 'odt', 'rtf', 'pptx', 'ppt', 'odp'];
const sheets: readonly Format[] = ['xlsx', 'xlsm', 'xlsb', 'xls', 'ods'];
const pageTargets: readonly Format[] = ['png', 'jpeg', 'txt'];

/** Used for what no engine does in one step. */
export const chains: readonly Chain[] = [
  ...[...documents, ...sheets].flatMap((from) =>
    pageTargets.map((to) => ({ from, via: 'pdf' as const, to })),
  ),
  { from: 'md', via: 'docx', to: 'pdf' },
  ...(['svg', 'heic'] as const).map((from) => ({ from, via: 'png' as const, to: 'pdf' as const })),
  { from: 'xml', via: 'json', to: 'yaml' },
  { from: 'yaml', via: 'json', to: 'xml' },
];
