import type { Queryable } from '../../db/pool.ts';
import { deleteWork, findNextDue, upsertWork } from './sql.ts';

/** Something that happens in a workspace at a moment of business time. */
export interface DueWork {
  readonly organizationId: string;
  /** Whose affair it is: a key of the handlers in `run-due-work.ts`. */
  readonly kind: string;
  /** One of a kind for each thing it is about. */
  readonly reference: string;
  readonly dueAt: Date;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Plans work; the same reference again moves its time and replaces its data. */
export async function planWork(tx: Queryable, work: DueWork): Promise<void> {
  await tx.query(upsertWork(work));
}

/** Work that there is no reason for any more. */
export async function dropWork(
  tx: Queryable,
  organizationId: string,
  kind: string,
  reference: string,
): Promise<void> {
  await tx.query(deleteWork(organizationId, kind, reference));
}

/** When the next work after a moment falls due; null: there is none. */
export async function findNextWork(db: Queryable, after: Date): Promise<Date | null> {
  const [row] = await db.query<{ due_at: string | null }>(findNextDue(after));
  const dueAt = row?.due_at ?? null;
  return dueAt === null ? null : new Date(dueAt);
}
