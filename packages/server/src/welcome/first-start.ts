import { randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { createOperatorLogin } from '../accounts/create-login.ts';
import type { Log, PlatformContext } from '../context.ts';
import type { Database } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { createApiKey } from '../organizations/api-keys.ts';
import { createOrganization, listWorkspaces } from '../organizations/organizations.ts';

/** The operator's key: made at the first start and kept in the data folder. */
export function readOrMakeAdminKey(dataFolder: string): Promise<string> {
  return readOrMake(join(dataFolder, 'admin-key'), 'mk_admin_');
}

/** What sessions and links are signed with, and secrets are sealed with. */
export function readOrMakeAuthSecret(dataFolder: string): Promise<string> {
  return readOrMake(join(dataFolder, 'auth-secret'), '');
}

async function readOrMake(path: string, prefix: string): Promise<string> {
  const kept = await readSecret(path);
  if (kept !== null) return kept;
  const secret = `${prefix}${randomBytes(32).toString('base64url')}`;
  const own = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeSecret(own, secret);
  try {
    // Only the first of several processes that start at once gives the file its name.
    await link(own, path);
    return secret;
  } catch (error) {
    const made = await readSecret(path);
    if (made === null) throw error;
    return made;
  } finally {
    await unlink(own);
  }
}

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

/**
 * The demo workspace, on the Free plan, with a key and with an owner who is the super admin: made when
 * there is no workspace at all. Null where the operator has workspaces and no demo.
 */
export async function prepareDemo(platform: Platform, dataFolder: string): Promise<Demo | null> {
  const ctx = {
    ...platform,
    actor: { kind: 'system', id: 'first-start' } as const,
    requestId: newId('req', Date.now()),
  };
  const workspace = await prepareWorkspace(ctx, join(dataFolder, 'demo-key'));
  if (workspace === null) return null;
  const login = await prepareLogin(ctx, workspace.workspaceId, join(dataFolder, 'demo-login'));
  return { ...workspace, login };
}

async function prepareWorkspace(
  ctx: PlatformContext,
  path: string,
): Promise<{ workspaceId: string; apiKey: string } | null> {
  const kept = await readSecret(path);
  if (kept !== null) {
    const [workspaceId = '', apiKey = ''] = kept.split(' ');
    return { workspaceId, apiKey };
  }
  const { data } = await listWorkspaces(ctx, { limit: 1 }, { kind: 'all' });
  if (data.length > 0) return null;
  const workspace = await createOrganization(ctx, { name: 'Demo' });
  const inside = { ...ctx, organization: { id: workspace.id } };
  const { key } = await createApiKey(inside, { name: 'Demo key' });
  await writeSecret(path, `${workspace.id} ${key}`);
  return { workspaceId: workspace.id, apiKey: key };
}

/** Without the file the password is set anew: so it can be got back. */
async function prepareLogin(
  ctx: PlatformContext,
  workspaceId: string,
  path: string,
): Promise<Demo['login']> {
  const kept = await readSecret(path);
  if (kept !== null) {
    const [email = '', password = ''] = kept.split(' ');
    return { email, password };
  }
  const login = { email: 'demo@mutate.local', password: randomBytes(15).toString('base64url') };
  await createOperatorLogin(ctx, { ...login, workspaceId });
  await writeSecret(path, `${login.email} ${login.password}`);
  return login;
}

async function readSecret(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function writeSecret(path: string, secret: string): Promise<void> {
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
