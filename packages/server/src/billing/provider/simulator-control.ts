import { z } from 'zod';

/** What the simulator offers besides Stripe's API: its time. Unix seconds throughout. */
export interface SimulatorControl {
  readonly url: string;
  state(): Promise<SimulatorState>;
  hold(): Promise<void>;
  /** Lets its time go on with the wall clock from where it is. */
  release(): Promise<void>;
  /** Plays all that falls due up to then, in order, and has its webhooks answered. */
  advanceTo(unixSeconds: number): Promise<void>;
  /** Waits until every webhook that is due was answered. */
  settle(): Promise<void>;
}

const stateSchema = z.object({
  now: z.int(),
  mode: z.enum(['held', 'live']),
  /** When something happens there by itself. */
  next_due: z.int().nullable(),
});

export type SimulatorState = z.infer<typeof stateSchema>;

/** The control API of a simulator, wherever it runs. */
export function controlSimulator(url: string, secretKey: string): SimulatorControl {
  const call = async (path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/_sim/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return response.json();
    throw new Error(`the simulator answered ${response.status}: ${await response.text()}`);
  };
  return {
    url,
    state: async () => stateSchema.parse(await call('state')),
    hold: async () => void (await call('clock', { mode: 'held' })),
    release: async () => void (await call('clock', { mode: 'live' })),
    advanceTo: async (unixSeconds) => void (await call('clock', { to: unixSeconds })),
    settle: async () => void (await call('settle', {})),
  };
}
