import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { startTimeOf } from '../runner/process-group.ts';

/** A private folder of this process. */
export interface InstanceFolder {
  readonly path: string;
  /** Removes it. */
  close(): Promise<void>;
}

const beatMs = 30_000;
/** Of a process that cannot be looked at: in another container, or on another machine. */
const silenceMsMax = 10 * beatMs;

/**
 * Makes a folder of this process below a root that others may share, and removes what dead ones have
 * left there, now and from time to time. A process that is seen from here is asked for by its pid and
 * start; any other lives for as long as it touches its folder. Where the clocks differ does not matter:
 * folders are compared with our own, which the same file system has stamped.
 *
 * @param mode of the root and the folder
 */
export async function openInstanceFolder(root: string, mode: number): Promise<InstanceFolder> {
  await mkdir(root, { recursive: true, mode });
  const name = [
    'process',
    machine,
    process.pid,
    startTimeOf(process.pid) ?? 'x',
    randomBytes(8).toString('hex'),
  ].join('-');
  const path = join(root, name);
  await mkdir(path, { mode });
  await sweepDead(root, path);
  const timer = setInterval(() => {
    void beat(root, path).catch(() => undefined);
  }, beatMs).unref();
  return {
    path,
    close: async () => {
      clearInterval(timer);
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function beat(root: string, path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
  await sweepDead(root, path);
}

async function sweepDead(root: string, own: string): Promise<void> {
  const { mtimeMs: nowMs } = await stat(own);
  for (const name of await readdir(root)) {
    const path = join(root, name);
    if (path !== own && !(await isAlive(path, name, nowMs))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function isAlive(path: string, name: string, nowMs: number): Promise<boolean> {
  const [, place, pid, start] = /^process-(\w+)-(\d+)-(\d+)-/u.exec(name) ?? [];
  if (place === machine) return startTimeOf(Number(pid)) === start;
  const found = await stat(path).catch(() => null);
  return found === null || nowMs - found.mtimeMs < silenceMsMax;
}

/** The same for all processes whose pids can be looked up here: one boot, one pid namespace. */
const machine = ((): string => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const pids = readlinkSync('/proc/self/ns/pid');
    return createHash('sha256').update(boot).update(pids).digest('hex').slice(0, 12);
  } catch {
    // No /proc: nobody's pid can be looked up.
    return randomBytes(6).toString('hex');
  }
})();
