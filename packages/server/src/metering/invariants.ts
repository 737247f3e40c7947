import type { Queryable } from '../db/pool.ts';
import { listLimitBreaches, listViolations } from './invariants-sql.ts';

/** Something in the ledger that does not add up. */
export interface Violation {
  /** Its number in the list of ARCHITECTURE.md. */
  readonly invariant: number;
  /**
   * What is wrong: `counters` or `rollup` against the events, `reserved` or `slots` against the
   * reservations, `live_job` (job and reservation disagree), `counted_job` (job and event disagree),
   * `bill` (a bill and its events disagree), `limit` (more than is allowed).
   */
  readonly kind:
    | 'counters'
    | 'rollup'
    | 'reserved'
    | 'slots'
    | 'live_job'
    | 'counted_job'
    | 'bill'
    | 'limit';
  readonly organization_id: string;
  /** In words, with the numbers of both sides. */
  readonly detail: string;
}

/** A check of the books of one organization, or with null of all; no rows: they add up. */
export type Check = (db: Queryable, organizationId: string | null) => Promise<Violation[]>;

/**
 * Checks the ledger against itself: counters against events, rollups and reservations, jobs against
 * events, bills against events (invariants 1, 2, 5 and 6). Reads everything of the organization (null:
 * of all); tells at most a hundred findings.
 *
 * One statement and so one snapshot: beside traffic there is no false alarm, since all that belongs
 * together is written in one transaction. A long snapshot on a busy server slows the hot rows, so
 * there ask for one organization at a time.
 */
export const findViolations: Check = (db, organizationId) =>
  db.query<Violation>(listViolations(organizationId));

/**
 * What is in use above the limit in force. Only a mistake while no limit was lowered meanwhile, and
 * never for a policy that admits past the limit.
 */
export async function findLimitBreaches(
  db: Queryable,
  organizationId: string | null,
  asOf: Date,
): Promise<Violation[]> {
  return db.query<Violation>(listLimitBreaches(organizationId, asOf));
}
