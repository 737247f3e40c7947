import type { Conversions } from './conversions.ts';
import { ConnectionError, MutateError } from './errors.ts';
import { IdleTimer } from './idle.ts';
import { sleep } from './retry.ts';
import { isFinal, type Job } from './types.ts';

export interface WaitOptions {
  signal?: AbortSignal | undefined;
  /** Stop waiting after so many seconds, with `wait_timed_out`; the job goes on. */
  timeoutSeconds?: number | undefined;
  /** Runs with every state of the job that is seen, the final one included. */
  onJob?: ((job: Job) => void) | undefined;
}

/** Silence after which events are taken to be held back by a proxy, and polling takes over. */
const eventSilenceMs = 20_000;
const pollMsFirst = 500;
const pollMsMax = 5_000;

/** See `Conversions.wait`. */
export async function waitUntilFinal(
  conversions: Conversions,
  id: string,
  options: WaitOptions,
): Promise<Job> {
  const { timeoutSeconds } = options;
  const timeout =
    timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  const bounded = { ...options, signal: anySignal(options.signal, timeout) };
  try {
    return (
      (await followToEnd(conversions, id, bounded)) ?? (await pollToEnd(conversions, id, bounded))
    );
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    if (timeout?.aborted === true) {
      throw new MutateError(`The conversion is not done after ${timeoutSeconds} s.`, {
        code: 'wait_timed_out',
        retryable: true,
        jobId: id,
      });
    }
    if (!(error instanceof ConnectionError)) throw error;
    throw new ConnectionError(error.detail, { jobId: id, cause: error });
  }
}

/** Null where events do not come through, as behind some proxies. */
async function followToEnd(
  conversions: Conversions,
  id: string,
  options: WaitOptions,
): Promise<Job | null> {
  const silence = new IdleTimer(eventSilenceMs);
  silence.start();
  try {
    const signal = anySignal(options.signal, silence.signal);
    for await (const { job } of conversions.events(id, { signal })) {
      silence.start();
      options.onJob?.(job);
      if (isFinal(job.status)) return job;
    }
  } catch (error) {
    const isUnexpected = error instanceof MutateError && error.code === 'unexpected_reply';
    const isBroken = error instanceof ConnectionError || isUnexpected;
    if (options.signal?.aborted === true || !isBroken) throw error;
  } finally {
    silence.stop();
  }
  return null;
}

async function pollToEnd(conversions: Conversions, id: string, options: WaitOptions): Promise<Job> {
  for (let delayMs = pollMsFirst; ; delayMs = Math.min(pollMsMax, delayMs * 1.5)) {
    const job = await conversions.get(id, { signal: options.signal });
    options.onJob?.(job);
    if (isFinal(job.status)) return job;
    await sleep(delayMs, options.signal);
  }
}

function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const present = signals.filter((signal) => signal !== undefined);
  return present.length === 0 ? undefined : AbortSignal.any(present);
}
