import type { Log } from '../../context.ts';
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

/** Where the provider sends its webhooks from now on; answers where it did before. */
export async function setEndpoint({ simulator }: OpenWorld, url: string): Promise<string> {
  return simulator.run((tx) => {
    const [endpoint] = tx.getAll('webhook_endpoint', undefined);
    const before = endpoint?.url ?? '';
    if (endpoint !== undefined) endpoint.url = url;
    return before;
  });
}
