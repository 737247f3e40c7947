import type { Engine, Format } from '../engine.ts';
import { arrange, arrangeOptions } from './arrange.ts';
import { convertImage, imageOptions, mergeArchive, mergeOptions } from './merge.ts';

const images: readonly Format[] = ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff'];

/** PDFs taken apart and put together: pages kept, ordered, turned, split, merged; images as pages. */
export const pdfLibEngine: Engine = {
  name: 'pdf-lib',
  pairs: [
    { from: 'pdf', to: 'pdf', options: arrangeOptions },
    { from: 'zip', to: 'pdf', options: mergeOptions },
    ...images.map((from) => ({ from, to: 'pdf' as const, options: imageOptions })),
  ],
  timeoutMs: 120_000,
  memoryBytesMax: 2 * 2 ** 30,
  probe: async () => ({ available: true }),
  run: (task) => {
    if (task.from === 'pdf') return arrange(task);
    return task.from === 'zip' ? mergeArchive(task) : convertImage(task);
  },
};
