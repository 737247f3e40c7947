import type { Conversions, CreateConversionInput } from './conversions.ts';
import { errorFromJob } from './errors.ts';
import { isFinal, type Job } from './types.ts';
import type { UploadProgress } from './upload.ts';
import type { WaitOptions } from './wait.ts';

export type ConvertProgress = UploadProgress | { kind: 'conversion'; job: Job };

export interface ConvertInput extends Omit<CreateConversionInput, 'respondAsync' | 'onUpload'> {
  timeoutSeconds?: WaitOptions['timeoutSeconds'];
  onProgress?: ((progress: ConvertProgress) => void) | undefined;
}

export interface ConvertResult {
  job: Job;
  output: ReadableStream<Uint8Array>;
}

/** Short, so that progress and a cancel by id are soon possible; most files are done by then. */
const waitSecondsDefault = 3;
/** An abort between upload and reply waits for the job's id, without which nothing is cancelled. */
const abortGraceMs = 5_000;
const cancelTimeoutMs = 5_000;

/** See `Conversions.convert`. */
export async function convert(
  conversions: Conversions,
  input: ConvertInput,
): Promise<ConvertResult> {
  const { onProgress, timeoutSeconds, ...rest } = input;
  const onJob = (job: Job): void => onProgress?.({ kind: 'conversion', job });
  const { signal } = input;
  let job = await conversions.create({
    wait: Math.min(waitSecondsDefault, timeoutSeconds ?? waitSecondsDefault),
    abortGraceMs,
    ...rest,
    onUpload: onProgress,
  });
  try {
    onJob(job);
    signal?.throwIfAborted();
    if (!isFinal(job.status)) {
      job = await conversions.wait(job.id, { signal, timeoutSeconds, onJob });
    }
  } catch (error) {
    if (signal?.aborted === true) await cancelQuietly(conversions, job);
    throw error;
  }
  if (job.status !== 'succeeded') throw errorFromJob(job);
  return { job, output: await conversions.output(job.id, { signal }) };
}

/** The caller is leaving: a job that cannot be cancelled ends by itself. */
async function cancelQuietly(conversions: Conversions, job: Job): Promise<void> {
  if (isFinal(job.status)) return;
  const signal = AbortSignal.timeout(cancelTimeoutMs);
  await conversions.cancel(job.id, { signal }).catch(() => undefined);
}
