import type { RunnerEngine } from '../../runner/runner.ts';
import { chromiumEngine } from './engine.ts';

/** Chromium as the runner starts it. */
export const chromium: RunnerEngine = {
  engine: chromiumEngine,
  module: new URL('./engine.ts', import.meta.url),
  exportName: 'chromiumEngine',
  // Six processes with some 100 threads; a hostile page starts more.
  processesMax: 1024,
  userNamespaces: true,
  // The browser's profile.
  keepsTemporaryFiles: true,
  dataBytesMax: 4 * 2 ** 30,
  fileBytesMax: 2 ** 30,
};
