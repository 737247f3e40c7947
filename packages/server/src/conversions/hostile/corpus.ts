import { binaryInputs } from './binary-inputs.ts';
import { dataInputs } from './data-inputs.ts';
import type { HostileInput } from './hostile-input.ts';
import { markupInputs } from './markup-inputs.ts';
import { officeBreaking } from './office-breaking.ts';
import { officeReaching } from './office-reaching.ts';
import { pdfInputs } from './pdf-inputs.ts';

/** Every hostile document that each engine is held against. */
export const corpus: readonly HostileInput[] = [
  ...officeReaching,
  ...officeBreaking,
  ...markupInputs,
  ...dataInputs,
  ...binaryInputs,
  ...pdfInputs,
];
