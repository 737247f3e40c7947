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
  try {
    return await withinTime('conversion', { ...options, jobId: id }, async (signal) => {
      const bounded = { ...options, signal };
      return (
        (await followToEnd(conversions, id, bounded)) ??
        askUntil(({ status }) => isFinal(status), {
          ask: () => conversions.get(id, { signal }),
          onState: options.onJob,
          signal,
        })
      );
    });
  } catch (error) {
    if (options.signal?.aborted === true || !(error instanceof ConnectionError)) throw error;
    throw new ConnectionError(error.detail, { jobId: id, cause: error });
  }
}

/** Runs what waits for the end of something. @throws MutateError `wait_timed_out` past its time */
export async function withinTime<T>(
  what: 'batch' | 'conversion',
  {
    timeoutSeconds,
    signal,
    jobId,
  }: Pick<WaitOptions, 'timeoutSeconds' | 'signal'> & {
    jobId?: string;
  },
  wait: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const timeout =
    timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    return await wait(anySignal(signal, timeout));
  } catch (error) {
    if (signal?.aborted === true || timeout?.aborted !== true) throw error;
    throw new MutateError(`The ${what} is not done after ${timeoutSeconds} s.`, {
      code: 'wait_timed_out',
      retryable: true,
      ...(jobId === undefined ? {} : { jobId }),
    });
  }
}

interface Asking<State> {
  ask: () => Promise<State>;
  onState: ((state: State) => void) | undefined;
  signal: AbortSignal | undefined;
}

/** Asks for a state, less and less often, until it is a last one. */
export async function askUntil<State>(
  isLast: (state: State) => boolean,
  { ask, onState, signal }: Asking<State>,
): Promise<State> {
  for (let delayMs = pollMsFirst; ; delayMs = Math.min(pollMsMax, delayMs * 1.5)) {
    const state = await ask();
    onState?.(state);
    if (isLast(state)) return state;
    await sleep(delayMs, signal);
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

function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const present = signals.filter((signal) => signal !== undefined);
  return present.length === 0 ? undefined : AbortSignal.any(present);
}
