import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../context.ts';
import { connectionConfig } from './pool.ts';

/**
 * Hears NOTIFY on a connection of its own and comes back after a loss. What is said meanwhile is
 * missed, so nothing may depend on it alone: each handler is also called once after a reconnect.
 */
export class Listener {
  readonly #connection: pg.ClientConfig;
  readonly #log: Log;
  readonly #handlers: ReadonlyMap<string, (payload: string) => void>;
  #client: pg.Client | undefined;
  #stopped = false;

  constructor(options: {
    connection: pg.ClientConfig;
    log: Log;
    handlers: Readonly<Record<string, (payload: string) => void>>;
  }) {
    this.#connection = options.connection;
    this.#log = options.log;
    this.#handlers = new Map(Object.entries(options.handlers));
  }

  async start(): Promise<void> {
    const client = new pg.Client(
      connectionConfig({ connection: this.#connection, applicationName: 'mutate listener' }),
    );
    client.on('notification', ({ channel, payload }) =>
      this.#handlers.get(channel)?.(payload ?? ''),
    );
    client.on('error', () => undefined);
    try {
      await client.connect();
      for (const channel of this.#handlers.keys()) await client.query(`LISTEN ${channel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    // Only now: a client that never got there ends, too, and each end would begin one loop more.
    client.once('end', () => void this.#reconnect());
    this.#client = client;
    if (this.#stopped) await client.end();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#client?.end();
  }

  async #reconnect(): Promise<void> {
    for (let wait = 100; !this.#stopped; wait = Math.min(wait * 2, 5_000)) {
      await sleep(wait);
      try {
        if (this.#stopped) return;
        await this.start();
        for (const handle of this.#handlers.values()) handle('');
        return;
      } catch (error) {
        this.#log.warn({ err: error }, 'not listening to the database');
      }
    }
  }
}
