import { ConnectionError, MutateError } from './errors.ts';
import type { HttpClient } from './http.ts';
import { retryDelayMs, sleep } from './retry.ts';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';
import { isFinal, type Job, type JobEvent } from './types.ts';

/**
 * Follows a job's event stream to its end, reconnecting where it broke off. A reconnection that
 * brings nothing new counts against the client's `retries`.
 * @throws MutateError
 */
export async function* followJob(
  http: HttpClient,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEvent, void, undefined> {
  let last: { id: string | null; data: string } = { id: null, data: '' };
  for (let failures = 1; ; failures += 1) {
    let failure = new ConnectionError('The event stream ended before the job did.');
    try {
      const accept = { accept: 'text/event-stream' };
      const headers = last.id === null ? accept : { ...accept, 'last-event-id': last.id };
      const body = await http.stream({ method: 'GET', path, headers, signal });
      for await (const message of readServerSentEvents(body)) {
        const job = parseJob(message);
        if (job === null) continue;
        if (message.data !== last.data) failures = 0;
        last = message;
        yield { id: message.id, type: message.type, job };
        if (isFinal(job.status)) return;
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      failure = error;
    }
    const delayMs = failures > http.retries ? null : retryDelayMs(failure, failures + 1);
    if (delayMs === null) throw failure;
    await sleep(delayMs, signal);
  }
}

/** Null for a message about something other than a job: a ping, an event of a later version. */
function parseJob(message: ServerSentEvent): Job | null {
  let data: unknown;
  try {
    data = JSON.parse(message.data);
  } catch (error) {
    throw new MutateError('The event stream sent something that is not JSON.', {
      code: 'unexpected_reply',
      cause: error,
    });
  }
  const job = data as Partial<Job> | null;
  return job?.object === 'job' && typeof job.status === 'string' ? (job as Job) : null;
}
