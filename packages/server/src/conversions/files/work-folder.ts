import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A private folder of this process for what is under way; removes those of processes that are gone.
 *
 * @param root may be shared by several processes of this machine
 */
export async function openWorkFolder(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const name of await readdir(root)) {
    const pid = Number(/^process-(\d+)$/.exec(name)?.[1]);
    const isOurs = pid === process.pid;
    if (isOurs || !isRunning(pid)) await rm(join(root, name), { recursive: true, force: true });
  }
  const folder = join(root, `process-${process.pid}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
