import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Layout } from './embedded-layout.ts';
import { OperatorError } from './operator-error.ts';

const pidFile = 'postmaster.pid';
const socketName = '.s.PGSQL.5432';

/** The path of the server's socket. */
export function serverSocket(layout: Layout): string {
  return path.join(layout.socketFolder, socketName);
}

/** The pid that PostgreSQL wrote down for a cluster, whether it lives or not. */
export function readServerPid(layout: Layout): number | undefined {
  return readPid(path.join(layout.cluster, pidFile));
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(fs.readFileSync(file, 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether `pid` is surely the server of this cluster. A pid is used again by others after a crash
 * or a reboot, so nothing is signalled before this says yes.
 */
export function isServerOf(layout: Layout, pid: number): boolean {
  const command = commandOf(pid);
  if (command === undefined || path.basename(command[0] ?? '') !== 'postgres') return false;
  // The folder may have been moved under a running server: its working directory moves along.
  const cwd = workingFolderOf(pid);
  if (cwd !== undefined) return cwd === layout.cluster;
  return command.some((word, index) => word === '-D' && command[index + 1] === layout.cluster);
}

/** The words of a process's command line; undefined when there is no such process. */
function commandOf(pid: number): string[] | undefined {
  if (process.platform === 'linux') {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.length > 1 ? words : undefined;
    } catch {
      return undefined;
    }
  }
  const { status, stdout } = spawnSync('ps', ['-ww', '-p', String(pid), '-o', 'command='], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().split(/ (?=-)| (?<=-D )/) : undefined;
}

function workingFolderOf(pid: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Not Linux, or another user's process without the right to look.
    return undefined;
  }
}

/**
 * Removes PostgreSQL's lock files where their pid now belongs to an unrelated process, which
 * PostgreSQL itself takes for a live server. A dead pid is left to PostgreSQL: it then looks for
 * orphans of the old server by the same file. Nobody may answer on the socket when this is called.
 */
export function removeStaleServerLocks(layout: Layout): void {
  for (const file of [path.join(layout.cluster, pidFile), `${serverSocket(layout)}.lock`]) {
    const pid = readPid(file);
    if (pid === undefined || commandOf(pid) === undefined || isServerOf(layout, pid)) continue;
    if (mayHaveProcesses(layout)) {
      throw new OperatorError(
        `${file} names pid ${pid}, which is another program, and it is not certain that no ` +
          `PostgreSQL works in ${layout.cluster}. Check with ps, then remove the file.`,
      );
    }
    fs.rmSync(file, { force: true });
  }
}

/** Whether a PostgreSQL process of our user may be working in the cluster: in doubt, yes. */
function mayHaveProcesses(layout: Layout): boolean {
  if (process.platform !== 'linux') return true;
  const uid = layout.ids.uid ?? process.getuid?.();
  return fs.readdirSync('/proc').some((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return false;
    if (fs.statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid !== uid) return false;
    const program = commandOf(pid)?.[0] ?? '';
    if (!/^postgres\b|\/postgres$/.test(program)) return false;
    const cwd = workingFolderOf(pid);
    return cwd === undefined || cwd === layout.cluster;
  });
}
