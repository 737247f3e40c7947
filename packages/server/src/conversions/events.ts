import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { findJob } from './jobs.ts';
import { presentJob } from './present.ts';
import type { JobRow } from './schema.ts';

const pollMs = 300;
const keepAliveMs = 15_000;

/**
 * A job's progress as server-sent events (WHATWG HTML, 9.2), each with the whole job: `progress`
 * while it goes on, then one `done`, and the end. Ends when the signal says that nobody listens.
 */
export async function* streamJobEvents(
  ctx: Context,
  jobId: string,
  publicUrl: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let last = '';
  let sentMs = performance.now();
  while (!signal.aborted) {
    const row = await findJob(ctx, jobId);
    const job = presentJob(row, publicUrl);
    if (isTerminal(row.status)) {
      yield eventText('done', job);
      return;
    }
    const progress = JSON.stringify({ status: job.status, ...job.progress });
    if (progress !== last) {
      last = progress;
      sentMs = performance.now();
      yield eventText('progress', job);
    } else if (performance.now() - sentMs > keepAliveMs) {
      sentMs = performance.now();
      yield ': still here\n\n';
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

function isTerminal(status: JobRow['status']): boolean {
  return status !== 'queued' && status !== 'processing';
}

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
