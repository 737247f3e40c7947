import type { RunnerEngine } from '../../runner/runner.ts';
import { nativeOfficePaths, officeNativeEngine } from './native.ts';
import { officeWasmEngine, officeWasmNodeFlags } from './wasm.ts';

/** A conversion that has used no processor for so long waits for itself, as the WASM one may. */
const stallMsMax = 15_000;

/** LibreOffice as installed here, as the runner starts it. */
export const officeNative: RunnerEngine = {
  engine: officeNativeEngine,
  module: new URL('./native.ts', import.meta.url),
  exportName: 'officeNativeEngine',
  survivesRefusals: true,
  stallMsMax,
  readOnlyPaths: nativeOfficePaths(),
  fileBytesMax: 2 * 2 ** 30,
  startTimeoutMs: 60_000,
};

/** LibreOffice as WebAssembly, as the runner starts it. */
export const officeWasm: RunnerEngine = {
  engine: officeWasmEngine,
  module: new URL('./wasm.ts', import.meta.url),
  exportName: 'officeWasmEngine',
  survivesRefusals: true,
  stallMsMax,
  nodeFlags: officeWasmNodeFlags,
  // A dozen threads, each with some 0.6 GB of reserved data that is never touched. What it really
  // holds is bounded by memoryBytesMax.
  dataBytesMax: 32 * 2 ** 30,
  fileBytesMax: 2 * 2 ** 30,
  startTimeoutMs: 60_000,
  jobsMax: 100,
};
