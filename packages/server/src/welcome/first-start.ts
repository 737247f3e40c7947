import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { createOperatorLogin } from '../accounts/create-login.ts';
import type { Log, PlatformContext } from '../context.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';
import { createApiKey } from '../organizations/api-keys.ts';
import {
  createOrganization,
  listWorkspaces,
  organizationExists,
} from '../organizations/organizations.ts';
import { readSecret, writeSecret } from './secret-file.ts';

export interface Demo {
  readonly workspaceId: string;
  /** In clear only here and in the data folder, like the password: the database has their hashes. */
  readonly apiKey: string;
  readonly login: { readonly email: string; readonly password: string };
}

interface Platform {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

const loginEmail = 'demo@mutate.local';

/**
 * The demo workspace, on the Free plan, with a key and with an owner who is the super admin: made when
 * there is no workspace at all. Null where the operator has workspaces and no demo.
 *
 * One process at a time and in one transaction, with the files on disk before it is committed: a kill
 * at any point leaves all of it, or nothing that the next start does not make anew.
 */
export async function prepareDemo(platform: Platform, dataFolder: string): Promise<Demo | null> {
  return platform.db.transaction(async (tx) => {
    await tx.query(sql`SELECT pg_advisory_xact_lock(hashtext('first start'))`);
    const ctx: PlatformContext = {
      ...platform,
      db: within(tx),
      actor: { kind: 'system', id: 'first-start' },
      requestId: newId('req', Date.now()),
    };
    const kept = await readWorkspace(tx, join(dataFolder, 'demo-key'));
    if (kept !== null) {
      const login = await keepLogin(ctx, kept.workspaceId, join(dataFolder, 'demo-login'));
      return { ...kept, login };
    }
    const { data } = await listWorkspaces(ctx, { limit: 1 }, { kind: 'all' });
    return data.length > 0 ? null : makeDemo(ctx, dataFolder);
  });
}

/** The verbs' own transactions are this one. */
function within(tx: Queryable): Database {
  return { query: (statement) => tx.query(statement), transaction: (work) => work(tx) };
}

/** Null also where the file is of a workspace that was never committed, or was deleted since. */
async function readWorkspace(
  tx: Queryable,
  path: string,
): Promise<{ workspaceId: string; apiKey: string } | null> {
  const [workspaceId = '', apiKey = ''] = ((await readSecret(path)) ?? '').split(' ');
  return (await organizationExists(tx, workspaceId)) ? { workspaceId, apiKey } : null;
}

async function makeDemo(ctx: PlatformContext, dataFolder: string): Promise<Demo> {
  const { id: workspaceId } = await createOrganization(ctx, { name: 'Demo' });
  const inside = { ...ctx, organization: { id: workspaceId } };
  const { key: apiKey } = await createApiKey(inside, { name: 'Demo key' });
  await writeSecret(join(dataFolder, 'demo-key'), `${workspaceId} ${apiKey}`);
  const login = await makeLogin(ctx, workspaceId, join(dataFolder, 'demo-login'));
  return { workspaceId, apiKey, login };
}

/** Without the file the password is set anew: so it can be got back. */
async function keepLogin(
  ctx: PlatformContext,
  workspaceId: string,
  path: string,
): Promise<Demo['login']> {
  const kept = await readSecret(path);
  if (kept === null) return makeLogin(ctx, workspaceId, path);
  const [email = '', password = ''] = kept.split(' ');
  return { email, password };
}

async function makeLogin(
  ctx: PlatformContext,
  workspaceId: string,
  path: string,
): Promise<Demo['login']> {
  const login = { email: loginEmail, password: randomBytes(15).toString('base64url') };
  await createOperatorLogin(ctx, { ...login, workspaceId });
  await writeSecret(path, `${login.email} ${login.password}`);
  return login;
}
