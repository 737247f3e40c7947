import { isTransient } from '../../db/transient.ts';
import { AppError } from '../../errors.ts';
import { databaseAway } from '../../metering/database-away.ts';
import type { Completion } from '../../metering/schema.ts';
import type { ConversionDeps } from '../deps.ts';
import { EngineError } from '../engines/engine.ts';
import { execute, type Attempt, type Converted } from './execute.ts';
import { ProgressReporter } from './progress.ts';
import { storableText } from '../storable.ts';

export type AttemptOutcome =
  | {
      readonly kind: 'succeeded';
      readonly converted: Converted;
      readonly completion: Completion;
      readonly durationMs: number;
    }
  /** The job is failed, and not counted. */
  | { readonly kind: 'failed'; readonly error: AppError }
  /** The job was put back into the queue. */
  | { readonly kind: 'requeued' }
  /** Somebody else ended the job, or took it over. */
  | { readonly kind: 'lost' };

/**
 * Runs one admitted attempt to its end: converts under the attempt's lease, then counts it, or
 * releases it with the error. The first terminal state wins; a late output is thrown away.
 *
 * @param mayRequeue asked when it fails: whether the job may go back into the queue, as it may once
 *   nobody waits for it
 */
export async function runAttempt(
  deps: ConversionDeps,
  attempt: Attempt,
  mayRequeue: () => boolean,
): Promise<AttemptOutcome> {
  const signal = deps.leases.hold(attempt);
  const startedMs = performance.now();
  const progress = new ProgressReporter(deps, attempt);
  let converted: Converted | null = null;
  try {
    converted = await executeTwice(deps, attempt, signal, progress, !mayRequeue());
    const durationMs = Math.round(performance.now() - startedMs);
    const completion = await deps.metering.complete({
      ...attempt,
      output: converted.output,
      warnings: converted.warnings,
      bytesOut: converted.output.size_bytes,
      durationMs,
    });
    if (completion.result === 'stale') {
      await deps.storage.remove([converted.output.place]);
      return { kind: 'lost' };
    }
    return { kind: 'succeeded', converted, completion, durationMs };
  } catch (error) {
    const outcome = await fail(deps, attempt, signal, error, mayRequeue());
    // What failed may be the answer to a completion that was counted: then the output is the job's.
    if (converted !== null && outcome.kind !== 'lost') await removeOutput(deps, converted);
    return outcome;
  } finally {
    progress.stop();
    deps.leases.drop(attempt);
  }
}

/** Our own fault is tried once more, at once where nobody can wait for the queue. */
async function executeTwice(
  deps: ConversionDeps,
  attempt: Attempt,
  signal: AbortSignal,
  progress: ProgressReporter,
  again: boolean,
): Promise<Converted> {
  const report = progress.report.bind(progress);
  try {
    return await execute(deps, attempt, signal, report);
  } catch (error) {
    if (!again || signal.aborted || !isOurFault(error)) throw error;
    deps.log.warn({ err: error, job: attempt.jobId }, 'conversion failed by our fault, once more');
    return execute(deps, attempt, signal, report);
  }
}

async function fail(
  deps: ConversionDeps,
  attempt: Attempt,
  signal: AbortSignal,
  cause: unknown,
  mayRequeue: boolean,
): Promise<AttemptOutcome> {
  const error = toAppError(cause);
  const ours = isOurFault(cause);
  if (ours && !signal.aborted) {
    deps.log.error({ err: cause, job: attempt.jobId, alarm: true }, 'conversion failed');
  }
  const retry = mayRequeue && attempt.fence < triesMax(error, ours, signal.aborted);
  const released = await deps.metering.release({
    organizationId: attempt.organizationId,
    jobId: attempt.jobId,
    fence: attempt.fence,
    status: retry ? 'retry' : 'failed',
    error: { code: error.code, detail: error.message, retryable: error.retryable },
    reason: error.code,
  });
  if (released.result === 'stale') return { kind: 'lost' };
  return retry ? { kind: 'requeued' } : { kind: 'failed', error };
}

/** One more try for a fault of ours; more where only this process or this machine was in the way. */
function triesMax(error: AppError, ours: boolean, stopped: boolean): number {
  if (error.code === 'overloaded') return 20;
  if (!ours) return 0;
  return stopped ? 3 : 2;
}

/** Whether it was neither the document nor the clock nor the machine being full. */
function isOurFault(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'internal_error';
  return !(error instanceof EngineError) || error.code === 'internal_error';
}

const messageCharsMax = 2_000;

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isTransient(error)) return databaseAway(error);
  if (error instanceof EngineError && error.code !== 'internal_error') {
    return new AppError(error.code, storableText(error.message, messageCharsMax), { cause: error });
  }
  return new AppError('internal_error', 'The conversion failed on our side. It is not counted.', {
    cause: error,
  });
}

/** What is left after a failure is deleted at its expiry at the latest. */
async function removeOutput(deps: ConversionDeps, { output }: Converted): Promise<void> {
  await deps.storage.remove([output.place]).catch((error: unknown) => {
    deps.log.warn({ err: error, place: output.place }, 'an output could not be removed');
  });
}
