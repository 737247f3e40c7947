import { isRefused } from '../metering/refusal.ts';
import type { Metering } from '../metering/metering.ts';
import type { Decision, LookCall } from '../metering/schema.ts';

const knownForMs = 200;
const entriesMax = 10_000;

/**
 * The early look, asked once a moment for a caller who was just let through. It decides nothing:
 * admission does, for each request, in the database. So what is kept here can only let somebody
 * upload in vain, for a fifth of a second; it never refuses, and a refusal is never kept.
 */
export class RecentLooks {
  readonly #metering: Metering;
  readonly #known = new Map<string, { decision: Decision; untilMs: number }>();

  constructor(metering: Metering) {
    this.#metering = metering;
  }

  async look(call: LookCall): Promise<Decision> {
    const key = `${call.organizationId} ${call.apiKeyId ?? ''} ${call.mode}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > performance.now()) return known.decision;
    const decision = await this.#metering.look(call);
    if (isRefused(decision)) this.#known.delete(key);
    else {
      if (this.#known.size >= entriesMax) this.#known.clear();
      this.#known.set(key, { decision, untilMs: performance.now() + knownForMs });
    }
    return decision;
  }
}
