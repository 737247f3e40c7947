import { constants } from 'node:fs';
import { chmod, chown, copyFile, link, lstat, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Reading for others: the child runs under another user, behind a folder that only we can open. */
const readableMode = 0o644;

/**
 * Puts a job's input into the child's `in` folder: by a hard link where the child sees that folder
 * through a read-only mount, else (or on another file system) by a copy.
 */
export async function giveInput(source: string, target: string, linkable: boolean): Promise<void> {
  if (linkable) {
    try {
      await link(source, target);
      const { mode } = await stat(target);
      if ((mode & 0o004) === 0) await chmod(target, readableMode);
      return;
    } catch (error) {
      if (!isCode(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP')) throw error;
    }
  }
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await chmod(target, readableMode);
}

/**
 * Takes the child's output. It is moved out of the child's reach first and looked at then, so that
 * it cannot be swapped for a link to one of our own files in between.
 *
 * @throws Error where it is missing or not a plain file
 */
export async function takeOutput(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if (!isCode(error, 'EXDEV')) throw error;
    await takeAcross(source, target);
  }
  const found = await lstat(target);
  if (!found.isFile() || found.nlink !== 1) {
    await rm(target, { recursive: true, force: true });
    throw new Error('the output is not a plain file');
  }
  if (process.getuid?.() === 0 && found.uid !== 0) await chown(target, 0, 0);
  await chmod(target, 0o600);
}

/** To another file system: moved aside on its own first, then copied from there. */
async function takeAcross(source: string, target: string): Promise<void> {
  const aside = join(dirname(dirname(source)), `taken-${basename(source)}`);
  await rename(source, aside);
  try {
    const found = await lstat(aside);
    if (!found.isFile()) throw new Error('the output is not a plain file');
    await copyFile(aside, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Removes a job's input from the child's `in` folder. */
export async function removeInput(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
  });
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
