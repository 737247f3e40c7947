import { Readable } from 'node:stream';
import { type ReadStreamOptions, ZipFile } from 'yazl';
import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import type { ConversionDeps } from '../deps.ts';
import { formatOfMediaType, formats } from '../registry/formats.ts';
import type { JobRow, StoredOutput } from '../schema.ts';
import { presentBatch, type BatchState } from './batches.ts';
import { uniqueNames } from './unique-names.ts';

/** Who has no output, and why; in the ZIP where there is somebody. */
const resultsName = 'batch-results.json';

/**
 * The outputs of a batch in one ZIP, made while it is read: memory stays flat, and past 4 GB it is
 * ZIP64. Where a file has no output, `batch-results.json` in it tells of each.
 *
 * @throws AppError `conflict` while jobs run or where none has an output, `expired`
 */
export function zipOutputs(ctx: Context, deps: ConversionDeps, batch: BatchState): Readable {
  const { publicUrl } = deps.settings;
  const shown = presentBatch(batch, publicUrl);
  if (shown.status === 'processing') {
    throw new AppError('conflict', 'The batch is not completed: some of its jobs wait or run.', {
      retryAfterSeconds: 1,
    });
  }
  const now = ctx.clock.now().getTime();
  const jobs = batch.row.files.map((entry) =>
    'job_id' in entry ? (batch.jobs.get(entry.job_id) ?? null) : null,
  );
  const kept = jobs.flatMap((job) => (job !== null && isKept(job, now) ? [job] : []));
  if (kept.length === 0) throw noOutput(jobs);
  const names = uniqueNames(
    kept.map((job) => job.output.filename),
    [resultsName],
  );
  const zip = new ZipFile();
  const sources = kept.map((job, index) => addOutput(deps, zip, names[index] ?? job.id, job));
  if (kept.length < jobs.length) {
    const results = shown.data.map(({ filename, job, error }) => ({
      filename,
      job_id: job?.id ?? null,
      status: job?.status ?? 'refused',
      error: error ?? job?.error ?? null,
    }));
    zip.addBuffer(Buffer.from(`${JSON.stringify(results, null, 2)}\n`), resultsName, {
      mtime: new Date(batch.row.created_at),
    });
  }
  zip.end();
  const stream = zip.outputStream as Readable;
  zip.on('error', (error: Error) => stream.destroy(error));
  stream.once('close', () => {
    for (const source of sources) source.destroy();
  });
  return stream;
}

type KeptJob = JobRow & { readonly output: StoredOutput };

function isKept(job: JobRow, nowMs: number): job is KeptJob {
  const { status, output, purged_at: purgedAt } = job;
  return (
    status === 'succeeded' &&
    purgedAt === null &&
    output !== null &&
    Date.parse(output.expires_at) > nowMs
  );
}

function noOutput(jobs: readonly (JobRow | null)[]): AppError {
  const had = jobs.some((job) => job?.status === 'succeeded' || job?.status === 'expired');
  return had
    ? new AppError('expired', 'The outputs of the batch have expired or were deleted.')
    : new AppError('conflict', 'The batch has no output: none of its files was converted.');
}

/** The stream that it is read from: nothing is opened before it is its turn. */
function addOutput(deps: ConversionDeps, zip: ZipFile, name: string, job: KeptJob): Readable {
  const source = Readable.from(readPlace(deps, job.output.place), { objectMode: false });
  zip.addReadStream(source, name, zipEntryOf(job.output, job.finished_at));
  return source;
}

/** How an output stands in a ZIP. */
export function zipEntryOf(
  output: StoredOutput,
  finishedAt: string | null,
): Partial<ReadStreamOptions> {
  const format = formatOfMediaType(output.media_type.split(';')[0] ?? '');
  return {
    size: output.size_bytes,
    mtime: new Date(finishedAt ?? output.expires_at),
    mode: 0o100_644,
    // What is compressed already would only cost time.
    compress: format !== null && formats[format].text,
  };
}

async function* readPlace(deps: ConversionDeps, place: string): AsyncGenerator<Buffer> {
  const stream = await deps.storage.open(place);
  if (stream === null) throw new Error(`an output is gone: ${place}`);
  yield* stream as AsyncIterable<Buffer>;
}
