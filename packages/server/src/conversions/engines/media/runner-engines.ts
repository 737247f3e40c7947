import type { RunnerEngine } from '../../runner/runner.ts';
import { mediaEngine } from './engine.ts';

/**
 * ffmpeg, as the runner starts it: rarely used and quick to start, so none is kept at hand.
 *
 * @param programFolder the operator's own, where it is looked for first
 */
export function mediaRunner(programFolder: string | null): RunnerEngine {
  return {
    engine: mediaEngine(programFolder),
    module: new URL('./engine.ts', import.meta.url),
    exportName: 'mediaEngine',
    programFolder,
    fileBytesMax: 4 * 2 ** 30,
    warm: false,
  };
}
