import type { RunnerEngine } from '../../runner/runner.ts';
import { mediaEngine } from './engine.ts';
import { programPaths } from './program.ts';

/** ffmpeg, as the runner starts it: rarely used and quick to start, so none is kept at hand. */
export const mediaRunner: RunnerEngine = {
  engine: mediaEngine,
  module: new URL('./engine.ts', import.meta.url),
  exportName: 'mediaEngine',
  readOnlyPaths: programPaths(),
  fileBytesMax: 4 * 2 ** 30,
  warm: false,
};
