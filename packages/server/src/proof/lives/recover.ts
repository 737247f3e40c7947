import type { Log } from '../../context.ts';
import type { OpenWorld } from '../../test/billing-world.ts';

/** Failures are asked for here, by the hundred. */
const nothing = (): void => undefined;
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Where the provider sends its webhooks from now on; answers where it did before. */
export async function setEndpoint({ simulator }: OpenWorld, url: string): Promise<string> {
  return simulator.run((tx) => {
    const [endpoint] = tx.getAll('webhook_endpoint', undefined);
    const before = endpoint?.url ?? '';
    if (endpoint !== undefined) endpoint.url = url;
    return before;
  });
}
