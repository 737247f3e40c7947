import type { BillingDeps } from '../deps.ts';
import { claimWork, type DueWorkRow, finishWork, postponeWork } from './sql.ts';

/** Does one piece of work. It may be asked again after a crash: what it does is keyed. */
export type DueWorkHandler = (deps: BillingDeps, work: DueWorkRow) => Promise<void>;

/**
 * Does what is due by business time, the earliest first. A piece that fails is tried again later and
 * holds up nothing else. Any number of processes may; each piece has one at a time.
 */
export async function runDueWork(
  deps: BillingDeps,
  handlers: Readonly<Record<string, DueWorkHandler>>,
): Promise<number> {
  for (let count = 0; ; count += 1) {
    const [work] = await deps.db.query<DueWorkRow>(claimWork(deps.clock.now()));
    if (work === undefined) return count;
    try {
      const handler = handlers[work.kind];
      if (handler === undefined) throw new Error(`nobody does work of the kind ${work.kind}`);
      await handler(deps, work);
      await deps.db.query(finishWork(work));
    } catch (error) {
      const { organization_id: organizationId, kind, reference } = work;
      deps.log.warn({ err: error, organizationId, kind, reference }, 'due work failed');
      const text = error instanceof Error ? error.message : String(error);
      await deps.db.query(postponeWork(work, text.slice(0, 1000)));
    }
  }
}
