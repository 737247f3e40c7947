import type pg from 'pg';
import type { Log } from '../context.ts';
import { sqlStateOf } from './sql-file.ts';

/** The role the product works under: it reads and writes rows and cannot change the schema. */
export const applicationRole = 'mutate_app';

/** Tables to which the application may add and which it may never change. */
export const appendOnlyTables: readonly string[] = ['audit_log'];

const bookkeepingTables = 'mutate\\_%';

/**
 * Makes sure of the role and of the connected user's right to take it. Answers false, and says so
 * in the log, where the server does not allow it: the application then works as the owner.
 */
export async function ensureApplicationRole(client: pg.ClientBase, log: Log): Promise<boolean> {
  const before = await findRole(client);
  if (!before.exists && before.may_create) {
    // Roles belong to the whole server: another database's migrator may be first.
    await client.query(`CREATE ROLE ${applicationRole} NOLOGIN`).catch(ignore('42710', '23505'));
  }
  if (!(await findRole(client)).may_take) {
    await client.query(`GRANT ${applicationRole} TO CURRENT_USER`).catch((error: unknown) => {
      log.debug({ error }, `cannot grant ${applicationRole}`);
    });
  }
  const { may_take: hasRole } = await findRole(client);
  if (!hasRole) {
    log.warn(
      { role: applicationRole },
      'the database user cannot take the application role; the application connects as the owner',
    );
  }
  return hasRole;
}

interface RoleState {
  exists: boolean;
  may_create: boolean;
  may_take: boolean;
}

async function findRole(client: pg.ClientBase): Promise<RoleState> {
  // Since PostgreSQL 16 a member may lack the right to SET ROLE.
  const { rows } = await client.query<RoleState>(
    `SELECT app.oid IS NOT NULL AS exists, me.rolsuper OR me.rolcreaterole AS may_create,
       app.oid IS NOT NULL AND pg_has_role(me.oid, app.oid, CASE
         WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END
       ) AS may_take
     FROM pg_roles me LEFT JOIN pg_roles app ON app.rolname = $1
     WHERE me.rolname = current_user`,
    [applicationRole],
  );
  return rows[0] ?? { exists: false, may_create: false, may_take: false };
}

function ignore(...states: string[]): (error: unknown) => void {
  return (error) => {
    if (!states.includes(sqlStateOf(error) ?? '')) throw error;
  };
}

/**
 * Gives the role its rights on all tables, sequences and functions of schema `public`. Only what
 * differs is granted, so an ordinary start writes nothing to the catalogue. Needs a transaction.
 */
export async function grantApplicationRole(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ object: string; wanted: string[] }>(differingRights, [
    applicationRole,
    appendOnlyTables,
    bookkeepingTables,
  ]);
  for (const { object, wanted } of rows) {
    await client.query(
      `REVOKE ALL ON ${object} FROM ${applicationRole};
       GRANT ${wanted.join(', ')} ON ${object} TO ${applicationRole}`,
    );
  }
}

/** A partition has its parent's rights. */
const differingRights = `
  WITH relations AS (
    SELECT c.oid, c.relkind, c.relowner, r.relname AS root
    FROM pg_class c JOIN pg_class r ON r.oid = coalesce(pg_partition_root(c.oid), c.oid)
    WHERE c.relnamespace = 'public'::regnamespace
  ), objects AS (
    SELECT format('TABLE %s', oid::regclass) AS object, relowner AS owner, CASE
        WHEN root LIKE $3 THEN ARRAY['SELECT']
        WHEN root = ANY($2::text[]) THEN ARRAY['SELECT', 'INSERT']
        ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END AS wanted,
      ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
        WHERE has_table_privilege($1, oid, p)) AS granted
    FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION ALL
    SELECT format('SEQUENCE %s', oid::regclass), relowner, ARRAY['USAGE'],
      ARRAY(SELECT 'USAGE' WHERE has_sequence_privilege($1, oid, 'USAGE'))
    FROM relations WHERE relkind = 'S'
    UNION ALL
    SELECT format('ROUTINE %s', oid::regprocedure), proowner, ARRAY['EXECUTE'],
      ARRAY(SELECT 'EXECUTE' WHERE has_function_privilege($1, oid, 'EXECUTE'))
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'SCHEMA public', (SELECT oid FROM pg_roles WHERE rolname = current_user),
      ARRAY['USAGE'], ARRAY(SELECT 'USAGE' WHERE has_schema_privilege($1, 'public', 'USAGE'))
  )
  SELECT object, wanted FROM objects
  WHERE wanted <> granted AND pg_has_role(owner, 'USAGE') ORDER BY object`;

/** The connection of the application: the owner's, under the application's role where there is one. */
export function applicationConnection(
  connection: pg.ClientConfig,
  hasApplicationRole: boolean,
): pg.ClientConfig {
  if (!hasApplicationRole) return connection;
  const options = `${connection.options ?? ''} -c role=${applicationRole}`.trim();
  return { ...connection, options };
}
