import { createHash } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConversionDeps, ConversionSettings } from '../deps.ts';
import { EngineError, type EngineResult, type Format } from '../engines/engine.ts';
import { readLocalFile } from '../files/local-storage.ts';
import { outputKey, type FileSource } from '../files/storage.ts';
import { displayFilename } from '../../http/upload/multipart-head.ts';
import { formats } from '../registry/formats.ts';
import { optionsOfStep } from '../registry/options.ts';
import type { Offer } from '../registry/registry.ts';
import type { StoredOutput } from '../schema.ts';
import { storableText } from '../storable.ts';

type ExecuteDeps = Pick<ConversionDeps, 'registry' | 'runner' | 'storage' | 'clock'> & {
  readonly settings: Pick<ConversionSettings, 'workFolder'>;
};

const warningCharsMax = 1_000;

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
  deps: ExecuteDeps,
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
      warnings: result.warnings.map(({ code, detail }) => ({
        code,
        detail: storableText(detail, warningCharsMax),
      })),
    };
  } catch (error) {
    if ('path' in source) await rm(source.path, { force: true });
    throw error;
  }
}

async function convert(
  deps: ExecuteDeps,
  attempt: Attempt,
  signal: AbortSignal,
  onProgress: (percent: number, phase: string) => void,
): Promise<{ result: EngineResult; source: FileSource }> {
  const { from, to, input, options } = attempt;
  const sizeBytes = 'bytes' in input ? input.bytes.length : (await stat(input.path)).size;
  const offer = deps.registry.findFor(from, to, sizeBytes);
  if (offer === null) {
    throw new EngineError('internal_error', 'The conversion is no longer offered here.');
  }
  const inline = convertInline(offer, attempt);
  if (inline !== null) return inline;
  const inWork = (name: string) =>
    join(deps.settings.workFolder, `${attempt.jobId}-${attempt.fence}.${name}`);
  const outputPath = inWork('output');
  const passing = 'bytes' in input ? [inWork('input')] : [];
  try {
    if ('bytes' in input) await writeFile(inWork('input'), input.bytes, { mode: 0o600 });
    let inputPath = 'path' in input ? input.path : inWork('input');
    const results: EngineResult[] = [];
    const deadlineMs = performance.now() + (attempt.timeoutMs ?? Infinity);
    for (const [index, { engine, pair }] of offer.steps.entries()) {
      const last = index === offer.steps.length - 1;
      const writtenPath = last ? outputPath : inWork(`step-${index}`);
      if (!last) passing.push(writtenPath);
      const leftMs = deadlineMs - performance.now();
      const task = {
        from: pair.from,
        to: pair.to,
        inputPath,
        outputPath: writtenPath,
        options: optionsOfStep(offer, index, options),
        ...(leftMs === Infinity ? {} : { timeoutMs: Math.max(1, leftMs) }),
      };
      const report = (percent: number, phase: string) =>
        onProgress((index * 100 + percent) / offer.steps.length, phase);
      // Until the engine tells more itself, and some never do.
      report(0, offer.steps.length === 1 ? 'converting' : `${pair.from} to ${pair.to}`);
      const hooks = { owner: attempt.organizationId, signal, onProgress: report };
      results.push(await deps.runner.run(engine.name, task, hooks));
      inputPath = writtenPath;
    }
    const format = results.at(-1)?.format ?? to;
    const warnings = results.flatMap((result) => result.warnings);
    return { result: { format, warnings }, source: { path: outputPath } };
  } catch (error) {
    await rm(outputPath, { force: true });
    throw error;
  } finally {
    for (const path of passing) await rm(path, { force: true });
  }
}

/** Small inputs of formats that we parse ourselves; null for all others. */
function convertInline(
  offer: Offer,
  attempt: Attempt,
): { result: EngineResult; source: FileSource } | null {
  const { from, to, options, input } = attempt;
  const [{ engine }, ...more] = offer.steps;
  if (more.length > 0 || !('bytes' in input) || !engine.inline) return null;
  if (input.bytes.length > engine.inline.sizeBytesMax) return null;
  const { bytes, result } = engine.inline.run({ from, to, options, input: input.bytes });
  return { result, source: { bytes } };
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
  // The new extension may be longer than the old one.
  return displayFilename(`${base}.${formats[format].extensions[0]}`);
}

/** Text is UTF-8 unless an option says otherwise. */
function withCharset(mediaType: string, options: Record<string, unknown>): string {
  if (!mediaType.startsWith('text/')) return mediaType;
  const { encoding } = options;
  return `${mediaType}; charset=${typeof encoding === 'string' ? encoding : 'utf-8'}`;
}
