import { sql } from '../db/sql.ts';
import { type OpenWorld, openBillingWorld, type WorldOptions } from './billing-world.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** See `OpenWorld`; on a database of its own, which is gone with it. */
export interface BillingWorld extends OpenWorld {
  readonly database: TestDatabase;
}

export async function createBillingWorld(options: WorldOptions = {}): Promise<BillingWorld> {
  const database = await createTestDatabase();
  const world = await openBillingWorld(database.db, options);
  const close = async (): Promise<void> => {
    await world.close();
    await database.close();
  };
  return { ...world, database, close };
}

/** A workspace's subscription as the database has it. */
export async function keptSubscription(
  world: BillingWorld,
  organizationId: string,
): Promise<Record<string, unknown>> {
  const [row] = await world.db.query<Record<string, unknown>>(
    sql`SELECT * FROM organization_subscriptions WHERE organization_id = ${organizationId}`,
  );
  return row ?? {};
}

/** Types of the lines in a workspace's billing history, oldest first. */
export async function billingEventTypes(
  world: BillingWorld,
  organizationId: string,
): Promise<string[]> {
  const rows = await world.db.query<{ type: string }>(
    sql`SELECT type FROM billing_events WHERE organization_id = ${organizationId}
      ORDER BY created_at, xmin::text::bigint, ctid`,
  );
  return rows.map((row) => row.type);
}
