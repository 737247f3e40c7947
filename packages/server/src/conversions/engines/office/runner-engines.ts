import type { RunnerEngine } from '../../runner/runner.ts';
import { findInstallation } from './installation.ts';
import { officeNativeEngine } from './native.ts';
import { officeWasmEngine, officeWasmNodeFlags } from './wasm.ts';

/** A conversion that has used no processor for so long waits for itself, as the WASM one may. */
const stallMsMax = 15_000;

/**
 * LibreOffice as installed here, as the runner starts it.
 *
 * @param programFolder the operator's own, where it is looked for first
 */
export function officeNative(programFolder: string | null): RunnerEngine {
  const installed = findInstallation(programFolder)?.folder ?? '/usr';
  return {
    engine: officeNativeEngine(programFolder),
    module: new URL('./native.ts', import.meta.url),
    exportName: 'officeNativeEngine',
    programFolder,
    survivesRefusals: true,
    stallMsMax,
    readOnlyPaths: installed.startsWith('/usr/') ? [] : [installed],
    fileBytesMax: 2 * 2 ** 30,
    startTimeoutMs: 60_000,
  };
}

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
