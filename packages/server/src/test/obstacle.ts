import pg from 'pg';
import { sql } from '../db/sql.ts';
import type { TestDatabase } from './database.ts';
import { until } from './notifications.ts';

const lock = 7;

/** Stands in the way of a process that is to be killed. */
export class Obstacle {
  readonly #database: TestDatabase;
  readonly #client: pg.Client;

  private constructor(database: TestDatabase, client: pg.Client) {
    this.#database = database;
    this.#client = client;
  }

  static async open(database: TestDatabase): Promise<Obstacle> {
    const client = new pg.Client(database.connection);
    await client.connect();
    return new Obstacle(database, client);
  }

  /** From now on a row waits before it is written, e.g. `UPDATE ON outbox`; `when` names which. */
  async before(write: `${'INSERT' | 'UPDATE'} ON ${string}`, when = 'true'): Promise<void> {
    await this.#client.query(`SELECT pg_advisory_lock(${lock})`);
    await this.#client.query(`CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(${lock}); RETURN NEW; END'`);
    await this.#client.query(`CREATE TRIGGER wait_here BEFORE ${write} FOR EACH ROW
      WHEN (${when}) EXECUTE FUNCTION wait_here()`);
  }

  /** Until somebody stands before it. */
  async isReached(): Promise<void> {
    await until(async () => {
      const [row] = await this.#database.owner.query<{ waiting: number }>(sql`
        SELECT count(*)::integer AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`);
      return (row?.waiting ?? 0) > 0;
    });
  }

  /**
   * Out of the way. What stood before it is gone with its process: PostgreSQL has not heard of the
   * kill yet, and would carry the statement out.
   */
  async remove(): Promise<void> {
    await this.#client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    await this.#client.query(`SELECT pg_advisory_unlock(${lock})`);
    await this.#client.query('DROP FUNCTION wait_here CASCADE');
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
