import { join } from 'node:path';
import { EngineError } from '../engines/engine.ts';
import type { FolderBound } from './folder-size.ts';
import type { RunnerEngine } from './runner.ts';
import type { Launch, Sandbox } from './sandbox.ts';

const fileBytesMaxByDefault = 16 * 2 ** 30;
const folderEntriesMax = 100_000;

/** How an engine's process is started: with which bounds, and what it sees. */
export function launchEngine(
  { spec, folder, place }: { spec: RunnerEngine; folder: string; place: number },
  sandbox: Sandbox,
): Launch {
  const { engine, module, exportName } = spec;
  const programFolder = spec.programFolder ?? '';
  const megabytes = Math.floor(engine.memoryBytesMax / 2 ** 20);
  const inside = sandbox.isolation.how === 'none' ? folder : '/job';
  return sandbox.launch({
    folder,
    place,
    limits: {
      dataBytesMax: spec.dataBytesMax ?? engine.memoryBytesMax + 2 ** 30,
      cpuSecondsMax: cpuSecondsMax(spec),
      fileBytesMax: spec.fileBytesMax ?? fileBytesMaxByDefault,
      processesMax: spec.processesMax ?? 256,
    },
    userNamespaces: spec.userNamespaces ?? false,
    keepsTemporaryFiles: spec.keepsTemporaryFiles ?? false,
    readOnlyPaths: [
      ...(spec.readOnlyPaths ?? []),
      ...(programFolder === '' ? [] : [programFolder]),
    ],
    nodeArguments: [
      `--max-old-space-size=${Math.floor(megabytes * 0.75)}`,
      ...(spec.nodeFlags ?? []),
      join(import.meta.dirname, 'child.ts'),
      module.href,
      exportName,
      inside,
      programFolder,
    ],
  });
}

/** The backstop behind the wall clock, over the process's whole life. */
export function cpuSecondsMax({ engine }: RunnerEngine): number {
  return Math.max(60, Math.ceil((engine.timeoutMs / 1000) * 8));
}

/** What a converter writes besides its output is some copy of it, or of the input. */
export function folderBoundOf(spec: RunnerEngine): FolderBound {
  const bytesMax = spec.folderBytesMax ?? 2 * (spec.fileBytesMax ?? fileBytesMaxByDefault);
  return { bytesMax, entriesMax: folderEntriesMax };
}

export function tooMuchDisk(bytesMax: number): EngineError {
  const megabytes = Math.floor(bytesMax / 2 ** 20);
  const message =
    `The document needs more than the ${megabytes} MB of disk, or the ${folderEntriesMax} files, ` +
    'that one conversion may use.';
  return new EngineError('document_too_complex', message);
}

export function tooMuchMemory(bytesMax: number, cause?: unknown): EngineError {
  const megabytes = Math.floor(bytesMax / 2 ** 20);
  const message = `The document needs more than the ${megabytes} MB that one conversion may use.`;
  return new EngineError('document_too_complex', message, cause);
}

/** Whatever went wrong that is not the document's fault; only the log is told what. */
export function ourFault(cause: unknown): EngineError {
  return new EngineError('internal_error', 'The conversion failed on our side.', cause);
}
