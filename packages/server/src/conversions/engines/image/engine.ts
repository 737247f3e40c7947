import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Engine, EngineResult, EngineTask } from '../engine.ts';
import { imageOptions, imagePairs } from './options.ts';
import type { ImageSource, Raster } from './options.ts';
import { checkSvg, hasText, scaleOf } from './svg.ts';

/** Images among each other by libvips. Runs in a child process only: decoders are in C. */
export const imageEngine: Engine = {
  name: 'sharp',
  pairs: imagePairs,
  timeoutMs: 120_000,
  memoryBytesMax: 1.5 * 2 ** 30,
  probe: async () => {
    try {
      createRequire(import.meta.url).resolve('sharp');
      return { available: true };
    } catch {
      return { available: false, reason: 'the package sharp is not installed' };
    }
  },
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  // Loaded in the child alone: the server never has the decoders in its own process.
  const { convertImage } = await import('./pipeline.ts');
  const pair = { from: task.from as ImageSource, to: task.to as Raster };
  if (pair.from !== 'svg') {
    const warnings = await convertImage(task, task.inputPath, {}, { ...pair, scale: 1 });
    return { format: task.to, warnings };
  }
  // From memory, so that nothing lies beside it.
  const bytes = await readFile(task.inputPath);
  const warnings = checkSvg(bytes);
  const { density, scale } = scaleOf(bytes, imageOptions.parse(task.options).dpi);
  warnings.push(...(await convertImage(task, bytes, { density }, { ...pair, scale })));
  const { warnOfMissingText } = await import('./svg-text.ts');
  warnings.push(...(await warnOfMissingText(hasText(bytes))));
  return { format: task.to, warnings };
}
