import type { Clock } from '../clock.ts';
import type { Context, Log } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { announce } from '../notifications/outbox.ts';
import { isKeyUsedUp, type RefusedDecision } from './refusal.ts';
import {
  deleteOldDecisions,
  insertDecisions,
  lockDecisions,
  type Refusal,
  type RefusalRow,
} from './refusals-sql.ts';
import { addRefusals } from './sql.ts';

/** More than these, and whoever is refused in a loop is told the same thing anyway. */
const rowsPerMinuteMax = 100;
const keptDays = 7;
const purgeRowsMax = 5_000;

/**
 * Remembers refused requests off the hot path: how many, by organization and reason, and for a week
 * why. A chore writes what has gathered; a failure loses it, since no bill is made from it.
 */
export class RefusalRecorder {
  readonly #options: { db: Database; clock: Clock; log: Log };
  #counts = new Map<string, { organizationId: string; reason: string; count: number }>();
  #rows: RefusalRow[] = [];
  #minute = { startMs: 0, rows: new Map<string, number>() };
  #exceeded = new Map<string, RefusedDecision>();
  /** The period of which an organization was told that its limit is used up. */
  readonly #announced = new Map<string, string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { db: Database; clock: Clock; log: Log }) {
    this.#options = options;
  }

  add(refusal: Refusal): void {
    const { organization_id: organizationId, verdict } = refusal.decision;
    const key = `${organizationId} ${verdict}`;
    const entry = this.#counts.get(key);
    if (entry) entry.count += 1;
    else this.#counts.set(key, { organizationId, reason: verdict, count: 1 });
    if (verdict === 'quota_exceeded' && !isKeyUsedUp(refusal.decision)) {
      this.#exceeded.set(organizationId, refusal.decision);
    }
    const at = this.#options.clock.now();
    if (this.#isExplained(organizationId, at)) this.#rows.push({ ...refusal, at });
  }

  /** What this process alone would write too much, it need not keep until then. */
  #isExplained(organizationId: string, at: Date): boolean {
    const startMs = startOfMinute(at).getTime();
    if (startMs !== this.#minute.startMs) this.#minute = { startMs, rows: new Map() };
    const { rows } = this.#minute;
    const count = (rows.get(organizationId) ?? 0) + 1;
    rows.set(organizationId, count);
    return count <= rowsPerMinuteMax;
  }

  /** Resolves when all that was added before is written, or lost. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts.values()];
    const rows = this.#rows;
    const exceeded = [...this.#exceeded.values()];
    this.#counts = new Map();
    this.#rows = [];
    this.#exceeded = new Map();
    const { db, clock, log } = this.#options;
    try {
      await db.query(addRefusals(counts, clock.now()));
      await this.#announce(exceeded);
      if (rows.length === 0) return;
      await db.transaction(async (tx) => {
        await tx.query(lockDecisions);
        await tx.query(insertDecisions(rows, startOfMinute(clock.now()), rowsPerMinuteMax));
      });
    } catch (error) {
      log.warn({ err: error }, 'refusals were not recorded');
    }
  }

  /** Once a period; the outbox knows what was told by other processes, or before a restart. */
  async #announce(exceeded: readonly RefusedDecision[]): Promise<void> {
    const { db } = this.#options;
    for (const decision of exceeded) {
      const { organization_id: id, period_start: start, monthly_limit: limit, used } = decision;
      if (limit === null || this.#announced.get(id) === start) continue;
      const ctx: Context = {
        ...this.#options,
        actor: { kind: 'system', id: 'metering' },
        requestId: newId('req', this.#options.clock.now().getTime()),
        organization: { id },
      };
      await announce(db, ctx, {
        topic: 'quota.exceeded',
        dedupeKey: `quota.exceeded:${id}:${start}`,
        payload: { limit, used, resets_at: decision.period_end },
      });
      this.#announced.set(id, start);
    }
  }

  /** Deletes explanations that are older than a week; answers how many. */
  async purge(): Promise<number> {
    const { db, clock } = this.#options;
    const before = oldestExplained(clock.now());
    for (let purged = 0; ;) {
      const rows = await db.query(deleteOldDecisions(before, purgeRowsMax));
      purged += rows.length;
      if (rows.length < purgeRowsMax) return purged;
    }
  }
}

/** Refusals from then on are explained. */
export function oldestExplained(now: Date): Date {
  return new Date(now.getTime() - keptDays * 86_400_000);
}

function startOfMinute(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 60_000) * 60_000);
}
