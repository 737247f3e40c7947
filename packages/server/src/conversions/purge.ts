import type { Clock } from '../clock.ts';
import type { Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { firstIdAt } from '../ids.ts';
import { deleteOldBatches } from './batch/sql.ts';
import { inputKey, placesOfJob, type Storage } from './files/storage.ts';
import {
  listJobsToPurge,
  listLiveJobs,
  listPurgeCursors,
  updateJobPurged,
  updatePurgeCursor,
} from './sql.ts';

interface Cursor {
  id: string;
  retention_hours: number;
  purged_before_job_id: string;
}

interface PurgeRow {
  id: string;
  fence: number;
  place: string | null;
  finished_at: string | null;
}

const pageSize = 500;
/** A batch is a list of jobs, and remembered for longer than their files. */
const batchKeptDays = 30;
/** Far longer than it takes from storing an input to having it admitted. */
const inputMsMin = 2 * 3_600_000;

/**
 * Deletes the files of jobs that are older than their organization keeps them. Job ids sort by
 * time, so each organization has a cursor and only what is new behind it is looked at.
 */
export class Purger {
  readonly #options: { db: Database; clock: Clock; log: Log; storage: Storage };

  constructor(options: { db: Database; clock: Clock; log: Log; storage: Storage }) {
    this.#options = options;
  }

  /** One round over all organizations. Answers how many jobs lost their files. */
  async purge(): Promise<number> {
    await this.#options.storage.expire(this.#options.clock.now());
    await this.#options.db.query(deleteOldBatches(this.#options.clock.now(), batchKeptDays));
    let purged = 0;
    let after = '';
    for (;;) {
      const cursors = await this.#options.db.query<Cursor>(listPurgeCursors(after, pageSize));
      for (const cursor of cursors) purged += await this.#purgeOrganization(cursor);
      const last = cursors.at(-1);
      if (last === undefined || cursors.length < pageSize) return purged;
      after = last.id;
    }
  }

  /**
   * Deletes the inputs that no job needs: its process died between storing it and having it admitted,
   * or between its job's end and removing it. Answers how many.
   */
  async sweepInputs(): Promise<number> {
    const { db, storage } = this.#options;
    let swept = 0;
    // Wall clock, as the files are stamped with.
    for await (const inputs of storage.listInputs(new Date(Date.now() - inputMsMin))) {
      const [{ organizationId } = { organizationId: '' }] = inputs;
      const jobIds = inputs.map(({ jobId }) => jobId);
      const live = await db.query<{ id: string }>(listLiveJobs(organizationId, jobIds));
      const orphans = jobIds.filter((jobId) => !live.some(({ id }) => id === jobId));
      await storage.remove(orphans.map((jobId) => inputKey(organizationId, jobId)));
      swept += orphans.length;
    }
    return swept;
  }

  async #purgeOrganization(cursor: Cursor): Promise<number> {
    const { db, clock, storage } = this.#options;
    const beforeMs = clock.now().getTime() - cursor.retention_hours * 3_600_000;
    const beforeId = firstIdAt('job', beforeMs);
    let from = cursor.purged_before_job_id;
    let purged = 0;
    while (from < beforeId) {
      const jobs = await db.query<PurgeRow>(listJobsToPurge(cursor.id, from, beforeId, pageSize));
      for (const job of jobs) {
        // One that still waits or runs, or waited so long that its output is promised for longer,
        // is looked at again next round.
        if (job.finished_at === null || Date.parse(job.finished_at) >= beforeMs) {
          await db.query(updatePurgeCursor(cursor.id, job.id));
          return purged;
        }
        await storage.remove(placesOfJob(cursor.id, job));
        await db.query(updateJobPurged(cursor.id, job.id, clock.now()));
        purged += 1;
      }
      from = jobs.length < pageSize ? beforeId : `${jobs.at(-1)?.id ?? beforeId}0`;
      await db.query(updatePurgeCursor(cursor.id, from));
    }
    return purged;
  }
}
