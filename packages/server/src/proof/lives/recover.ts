import type { Log } from '../../context.ts';
import { sql } from '../../db/sql.ts';
import type { OpenWorld } from '../../test/billing-world.ts';

/** Failures are asked for here, by the hundred. */
const nothing = (): void => undefined;
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Webhooks that were lost, or that nobody took, are sent once more. */
export async function resend({ simulator }: OpenWorld, status: 'lost' | 'failed'): Promise<void> {
  const body = JSON.stringify({ status });
  const headers = { authorization: 'Bearer sk_test_x', 'content-type': 'application/json' };
  await fetch(`${simulator.url}/_sim/webhooks/resend`, { method: 'POST', body, headers });
}

/** What failed is tried again by the wall clock, which does not wait for us: it is due now. */
export async function hurry(world: OpenWorld): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await world.db.query(sql`UPDATE due_work SET next_attempt_at = now() WHERE attempts > 0`);
    await world.db.query(sql`UPDATE stripe_events SET next_attempt_at = now()
      WHERE processed_at IS NULL`);
    await world.settle();
  }
}

/** Where the provider sends its webhooks from now on; answers where it did before. */
export async function setEndpoint({ simulator }: OpenWorld, url: string): Promise<string> {
  return simulator.run((tx) => {
    const [endpoint] = tx.getAll('webhook_endpoint', undefined);
    const before = endpoint?.url ?? '';
    if (endpoint !== undefined) endpoint.url = url;
    return before;
  });
}
