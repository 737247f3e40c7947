import type { Queryable } from '../db/pool.ts';
import { presentJob } from './present.ts';
import type { Job, JobRow } from './schema.ts';
import { findJob } from './sql.ts';

/** A conversion as the API shows it, for whoever is told of it; null: there is none. */
export async function presentConversion(
  db: Queryable,
  organizationId: string,
  jobId: string,
  publicUrl: string,
): Promise<Job | null> {
  const [row] = await db.query<JobRow>(findJob(organizationId, jobId));
  return row === undefined ? null : presentJob(row, publicUrl);
}
