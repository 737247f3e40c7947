import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConversionDeps } from './deps.ts';
import { EngineError, type EngineResult, type Format } from './engines/engine.ts';
import { readLocalFile } from './files/local-storage.ts';
import { outputKey, type FileSource } from './files/storage.ts';
import { formats } from './formats.ts';
import type { StoredOutput } from './schema.ts';

/** One attempt at one conversion. */
export interface Attempt {
  readonly organizationId: string;
  readonly jobId: string;
  readonly fence: number;
  readonly from: Format;
  readonly to: Format;
  readonly options: Record<string, unknown>;
  readonly filename: string | null;
  readonly input: FileSource;
  readonly retentionHours: number;
  readonly timeoutMs?: number;
}

export interface Converted {
  readonly output: StoredOutput;
  /** The output's bytes, where they are at hand. */
  readonly bytes: Buffer | null;
  readonly warnings: EngineResult['warnings'];
}

/**
 * Converts and stores the output under the attempt's own key; counts nothing.
 *
 * @throws EngineError, or AppError `overloaded`; nothing of the attempt is left behind then
 */
export async function execute(
  deps: ConversionDeps,
  attempt: Attempt,
  signal: AbortSignal,
  onProgress: (percent: number, phase: string) => void,
): Promise<Converted> {
  const { result, source } = await convert(deps, attempt, signal, onProgress);
  const { organizationId, jobId, fence } = attempt;
  try {
    const { sizeBytes, sha256 } = await measure(source);
    const expiresAt = new Date(deps.clock.now().getTime() + attempt.retentionHours * 3_600_000);
    const key = outputKey(organizationId, jobId, fence);
    const place = await deps.storage.put(key, source, expiresAt);
    const { mediaType } = formats[result.format];
    return {
      output: {
        filename: outputFilename(attempt.filename, result.format),
        size_bytes: sizeBytes,
        media_type: result.format === 'zip' ? mediaType : withCharset(mediaType, attempt.options),
        sha256,
        expires_at: expiresAt.toISOString(),
        place,
      },
      bytes: 'bytes' in source ? source.bytes : null,
      warnings: result.warnings,
    };
  } catch (error) {
    if ('path' in source) await rm(source.path, { force: true });
    throw error;
  }
}

async function convert(
  deps: ConversionDeps,
  attempt: Attempt,
  signal: AbortSignal,
  onProgress: (percent: number, phase: string) => void,
): Promise<{ result: EngineResult; source: FileSource }> {
  const { from, to, options, input } = attempt;
  const offer = deps.registry.find(from, to);
  if (offer === null) {
    throw new EngineError('internal_error', 'The conversion is no longer offered here.');
  }
  const { engine } = offer;
  if ('bytes' in input && engine.inline && input.bytes.length <= engine.inline.sizeBytesMax) {
    const { bytes, result } = engine.inline.run({ from, to, options, input: input.bytes });
    return { result, source: { bytes } };
  }
  const inWork = (name: string) =>
    join(deps.settings.workFolder, `${attempt.jobId}-${attempt.fence}.${name}`);
  const inputPath = 'path' in input ? input.path : inWork('input');
  const outputPath = inWork('output');
  try {
    if ('bytes' in input) await writeFile(inputPath, input.bytes, { mode: 0o600 });
    const timeout = attempt.timeoutMs === undefined ? {} : { timeoutMs: attempt.timeoutMs };
    const result = await deps.runner.run(
      engine.name,
      { from, to, options, inputPath, outputPath, ...timeout },
      { signal, onProgress },
    );
    return { result, source: { path: outputPath } };
  } catch (error) {
    await rm(outputPath, { force: true });
    throw error;
  } finally {
    if ('bytes' in input) await rm(inputPath, { force: true });
  }
}

async function measure(source: FileSource): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const chunks = 'bytes' in source ? [source.bytes] : readLocalFile(source.path);
  for await (const chunk of chunks as AsyncIterable<Buffer> | Buffer[]) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

function outputFilename(input: string | null, format: Format): string {
  const base = (input ?? '').replace(/\.[^.]{1,10}$/u, '') || 'output';
  return `${base}.${formats[format].extensions[0]}`;
}

/** Text is UTF-8 unless an option says otherwise. */
function withCharset(mediaType: string, options: Record<string, unknown>): string {
  if (!mediaType.startsWith('text/')) return mediaType;
  const { encoding } = options;
  return `${mediaType}; charset=${typeof encoding === 'string' ? encoding : 'utf-8'}`;
}
