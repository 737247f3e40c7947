import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OperatorError } from '../db/operator-error.ts';

/** As config.ts asks of AUTH_SECRET. */
const lengthMin = 32;

/**
 * The operator's key: made at the first start and kept in the data folder.
 *
 * @throws OperatorError where the file is cut off
 */
export function readOrMakeAdminKey(dataFolder: string): Promise<string> {
  return readOrMake(join(dataFolder, 'admin-key'), 'mk_admin_');
}

/**
 * What sessions and links are signed with, and secrets are sealed with.
 *
 * @throws OperatorError where the file is cut off
 */
export function readOrMakeAuthSecret(dataFolder: string): Promise<string> {
  return readOrMake(join(dataFolder, 'auth-secret'), '');
}

async function readOrMake(path: string, prefix: string): Promise<string> {
  const kept = await readSecret(path);
  if (kept !== null) return long(kept, path);
  const secret = `${prefix}${randomBytes(32).toString('base64url')}`;
  const own = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeWhole(own, secret);
  try {
    // Only the first of several processes that start at once gives the file its name.
    await link(own, path);
    await flush(dirname(path));
    return secret;
  } catch (error) {
    const made = await readSecret(path);
    if (made === null) throw error;
    return long(made, path);
  } finally {
    await unlink(own);
  }
}

/** Anybody could guess a short one, and what is sealed with a wrong one cannot be read again. */
function long(secret: string, path: string): string {
  if (secret.length >= lengthMin) return secret;
  throw new OperatorError(
    `${path} is ${secret === '' ? 'empty' : 'cut off'}: it must have at least ${lengthMin} ` +
      'characters. Put it back from a backup; without one delete it, and another is made at the ' +
      'next start.',
  );
}

/** Null: there is no such file. */
export async function readSecret(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** On disk when it answers, whole or as it was before, for its owner alone. */
export async function writeSecret(path: string, secret: string): Promise<void> {
  await writeWhole(`${path}.new`, secret);
  await rename(`${path}.new`, path);
  await flush(dirname(path));
}

async function writeWhole(path: string, secret: string): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(`${secret}\n`);
  await file.sync();
}

/** A name is on disk with its folder. */
async function flush(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
