import pg from 'pg';
import type { Statement } from './sql.ts';
import { isConnectionLost } from './transient.ts';

export interface Queryable {
  query<Row extends object>(statement: Statement): Promise<Row[]>;
}

/** The one way to PostgreSQL. Rows come as they go onto the wire: times are RFC 3339 text. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction. Nothing network-bound may happen inside. */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
}

export interface PoolOptions {
  connection: pg.ClientConfig;
  connectionsMax: number;
  /** false: commits on these connections do not wait for the disk (see METERING, async commit). */
  durable?: boolean;
  applicationName?: string;
  /**
   * A statement without an answer for that long counts as failed, and its connection is given up: the
   * other side of a connection can be gone without a word. Whether it was committed is then open.
   */
  queryTimeoutMs?: number;
  /** A statement that gets no connection for that long fails. */
  connectTimeoutMs?: number;
}

const queryTimeoutMsByDefault = 20_000;
const connectTimeoutMsByDefault = 20_000;

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
types.setTypeParser(pg.types.builtins.DATE, (text) => text);
types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, toRfc3339);

/** `2026-11-23 00:10:39.5+00` (the session is in UTC) as `2026-11-23T00:10:39.500Z`. */
function toRfc3339(text: string): string {
  const bare = text.slice(0, -3).replace(' ', 'T');
  const dot = bare.indexOf('.');
  return dot === -1 ? `${bare}.000Z` : `${bare.slice(0, dot)}${bare.slice(dot).padEnd(4, '0')}Z`;
}

export class Pool implements Database {
  readonly #pool: pg.Pool;

  constructor(options: PoolOptions) {
    this.#pool = new pg.Pool({
      ...connectionConfig(options),
      max: options.connectionsMax,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMsByDefault,
      query_timeout: options.queryTimeoutMs ?? queryTimeoutMsByDefault,
    });
    // An idle connection that the server closed is replaced on the next use.
    this.#pool.on('error', () => undefined);
  }

  async query<Row extends object>(statement: Statement): Promise<Row[]> {
    const result = await this.#pool.query<Row>({ ...statement, values: [...statement.values] });
    return result.rows;
  }

  async transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    // Lost between two statements: the next one says so. Unheard, it would end the process.
    client.on('error', hearNothing);
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(queryableOf(client));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      if (isConnectionLost(error)) broken = error;
      // Behind a statement that does not answer this one would wait as long again.
      else
        await client.query('ROLLBACK').catch((failure: unknown) => {
          broken = failure instanceof Error ? failure : new Error(String(failure));
        });
      throw error;
    } finally {
      client.off('error', hearNothing);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const hearNothing = (): void => undefined;

/** The settings that every connection of the product has, whoever opens it. */
export function connectionConfig(options: Omit<PoolOptions, 'connectionsMax'>): pg.ClientConfig {
  const settings = [
    '-c timezone=UTC',
    '-c jit=off',
    // A process that is gone without a word must not hold an organization's lock.
    '-c idle_in_transaction_session_timeout=30s',
    '-c client_connection_check_interval=2s',
    options.connection.options ?? '',
  ];
  if (options.durable === false) settings.push('-c synchronous_commit=off');
  return {
    ...options.connection,
    types,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: options.applicationName ?? 'mutate',
    options: settings.join(' ').trim(),
  };
}

function queryableOf(client: pg.ClientBase): Queryable {
  return {
    async query<Row extends object>(statement: Statement): Promise<Row[]> {
      const result = await client.query<Row>({ ...statement, values: [...statement.values] });
      return result.rows;
    },
  };
}
