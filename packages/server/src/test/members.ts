import type { Database } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';

export interface TestMember {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
}

/** A person with a role in a workspace; the address is their own unless given. */
export async function addMember(
  db: Database,
  organizationId: string,
  role: 'owner' | 'admin' | 'billing' | 'member',
  given: { email?: string; name?: string } = {},
): Promise<TestMember> {
  const userId = newId('usr', Date.now());
  const id = newId('mem', Date.now());
  const email = given.email ?? `${role}-${userId}@example.com`;
  await db.query(sql`INSERT INTO "user" (id, name, email, created_at, updated_at)
    VALUES (${userId}, ${given.name ?? role}, ${email}, now(), now())`);
  await db.query(sql`INSERT INTO member (organization_id, id, user_id, role, created_at)
    VALUES (${organizationId}, ${id}, ${userId}, ${role}, now())`);
  return { id, userId, email };
}
