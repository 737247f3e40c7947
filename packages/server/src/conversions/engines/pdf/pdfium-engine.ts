import type { Engine } from '../engine.ts';
import { convertToImages, jpegOptions, pngOptions } from './page-images.ts';
import { convertToText, textOptions } from './page-text.ts';
import { preparePdfium } from './pdfium-document.ts';

/** PDF to images and text by PDFium, Chromium's own reader, as WebAssembly. */
export const pdfiumEngine: Engine & { warmUp(): Promise<void> } = {
  name: 'pdfium',
  pairs: [
    { from: 'pdf', to: 'png', options: pngOptions },
    { from: 'pdf', to: 'jpeg', options: jpegOptions },
    { from: 'pdf', to: 'txt', options: textOptions },
  ],
  timeoutMs: 300_000,
  memoryBytesMax: 1.5 * 2 ** 30,
  probe: async () => ({ available: true }),
  warmUp: preparePdfium,
  run: (task) => (task.to === 'txt' ? convertToText(task) : convertToImages(task)),
};
