import type { RunnerEngine } from '../../runner/runner.ts';
import { pdfLibEngine } from './pdf-lib-engine.ts';
import { pdfiumEngine } from './pdfium-engine.ts';

/** PDFium as the runner starts it. */
export const pdfium: RunnerEngine = {
  engine: pdfiumEngine,
  module: new URL('./pdfium-engine.ts', import.meta.url),
  exportName: 'pdfiumEngine',
  warm: false,
  // What it reserves for WebAssembly is not what it holds.
  dataBytesMax: 6 * 2 ** 30,
  fileBytesMax: 4 * 2 ** 30,
};

/** pdf-lib as the runner starts it. */
export const pdfLib: RunnerEngine = {
  engine: pdfLibEngine,
  module: new URL('./pdf-lib-engine.ts', import.meta.url),
  exportName: 'pdfLibEngine',
  warm: false,
  fileBytesMax: 2 * 2 ** 30,
};
