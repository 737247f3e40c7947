import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import type { ConversionDeps } from '../deps.ts';
import type { Format } from '../engines/engine.ts';
import { inputKey, type FileSource } from '../files/storage.ts';
import { runAttempt } from './run-attempt.ts';
import type { JobRow } from '../schema.ts';
import { claimJobs, findRetentionHours } from '../sql.ts';

/**
 * Takes waiting jobs, fairly between organizations, and runs as many at once as there is room for.
 * Woken when a job is queued, and on its own every second for those whose time has come.
 */
export class Worker {
  readonly #deps: ConversionDeps;
  readonly #jobsMax: number;
  readonly #running = new Set<Promise<void>>();
  /** The organization served last: the next claim goes on behind it. */
  #after = '';
  #timer: NodeJS.Timeout | undefined;
  #claiming: Promise<void> | undefined;
  #woken = false;
  #stopped = false;

  constructor(deps: ConversionDeps, jobsMax: number) {
    this.#deps = deps;
    this.#jobsMax = jobsMax;
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), 1_000);
    this.wake();
  }

  /** Looks for work now. */
  wake(): void {
    this.#woken = true;
    if (this.#stopped) return;
    this.#claiming ??= this.#claim()
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'claim failed'))
      .finally(() => {
        this.#claiming = undefined;
      });
  }

  /**
   * Takes no more jobs, and resolves when those under way are done. What takes longer than the
   * patience is stopped and goes back into the queue.
   */
  async stop(patienceMs = 20_000): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#claiming;
    const patience = setTimeout(() => this.#deps.leases.abortAll(), patienceMs);
    await Promise.all(this.#running);
    clearTimeout(patience);
  }

  async #claim(): Promise<void> {
    const { db, clock, settings } = this.#deps;
    while (this.#woken && !this.#stopped && this.#running.size < this.#jobsMax) {
      const room = this.#jobsMax - this.#running.size;
      const statement = claimJobs(room, this.#after, settings.leaseSeconds, clock.now());
      const jobs = await db.query<JobRow>(statement);
      const wrapped = this.#after !== '' && jobs.length < room;
      this.#after = wrapped
        ? ''
        : (jobs
            .map((job) => job.organization_id)
            .toSorted()
            .at(-1) ?? '');
      for (const job of jobs) this.#begin(job);
      if (jobs.length === 0 && !wrapped) this.#woken = false;
    }
  }

  #begin(job: JobRow): void {
    const done = this.#run(job)
      .catch((error: unknown) => {
        // The lease runs out and the sweep hands the job to somebody else.
        this.#deps.log.error({ err: error, job: job.id }, 'a job was left to the sweep');
      })
      .finally(() => {
        this.#running.delete(done);
        this.wake();
      });
    this.#running.add(done);
  }

  async #run(job: JobRow): Promise<void> {
    const { db, storage, settings, metering, log } = this.#deps;
    const attempt = { organizationId: job.organization_id, jobId: job.id, fence: job.fence };
    const path = join(settings.workFolder, `${job.id}-${job.fence}.queued`);
    try {
      const found = await storage.copyTo(inputKey(job.organization_id, job.id), path);
      if (!found) {
        const error = new AppError('internal_error', 'The uploaded file is gone.');
        await metering.release({
          ...attempt,
          status: 'failed',
          error: { code: error.code, detail: error.message, retryable: true },
          reason: 'input_lost',
        });
        return;
      }
      const [organization] = await db.query<{ retention_hours: number }>(
        findRetentionHours(job.organization_id),
      );
      const input: FileSource = { path };
      const outcome = await runAttempt(
        this.#deps,
        {
          ...attempt,
          from: job.from as Format,
          to: job.to as Format,
          options: job.options ?? {},
          filename: job.input.filename,
          input,
          retentionHours: organization?.retention_hours ?? 24,
        },
        () => true,
      );
      if (outcome.kind === 'succeeded' || outcome.kind === 'failed') {
        await storage.remove([inputKey(job.organization_id, job.id)]);
      }
      log.debug({ job: job.id, outcome: outcome.kind }, 'attempt ended');
    } finally {
      await rm(path, { force: true });
    }
  }
}
