import type { RunnerEngine } from '../../runner/runner.ts';
import { imageEngine } from './engine.ts';
import { heicEngine } from './heic.ts';

/** Images, as the runner starts them: parsers of foreign formats, so only within a sandbox. */
export const imageRunner: RunnerEngine = {
  engine: imageEngine,
  module: new URL('./engine.ts', import.meta.url),
  exportName: 'imageEngine',
  fileBytesMax: 2 * 2 ** 30,
};

/** Rarer, so none is kept at hand. */
export const heicRunner: RunnerEngine = {
  engine: heicEngine,
  module: new URL('./heic.ts', import.meta.url),
  exportName: 'heicEngine',
  fileBytesMax: 2 * 2 ** 30,
  warm: false,
};
