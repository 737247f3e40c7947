import { chmod, chown, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';

/**
 * Copies a file or a folder that somebody goes on working in, with owners and modes. What vanishes
 * meanwhile is left out, as is what `isWanted` does not want, by its path below the beginning.
 */
export async function copyTree(
  from: string,
  to: string,
  isWanted: (relative: string) => boolean = () => true,
  relative = '',
): Promise<void> {
  const source = path.join(from, relative);
  const target = path.join(to, relative);
  const stat = await unlessGone(lstat(source));
  if (stat === null) return;
  if (stat.isSymbolicLink()) return symlink(await readlink(source), target);
  if (stat.isDirectory()) {
    await mkdir(target, { recursive: true });
    for (const name of (await unlessGone(readdir(source))) ?? []) {
      const below = path.join(relative, name);
      if (isWanted(below)) await copyTree(from, to, isWanted, below);
    }
  } else {
    // Neither a socket nor a pipe.
    if (!stat.isFile()) return;
    const copied = await unlessGone(copyFile(source, target).then(() => true));
    if (copied === null) return;
  }
  if (process.getuid?.() === 0) await chown(target, stat.uid, stat.gid);
  await chmod(target, stat.mode & 0o7777);
}

async function unlessGone<Value>(work: Promise<Value>): Promise<Value | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
