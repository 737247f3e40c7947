import { readdirSync, readFileSync } from 'node:fs';

const sampleMs = 50;

/** Every process that descends from one, and the command it runs. */
export function listDescendants(pid: number): { pid: number; command: string }[] {
  const all = readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return /^\d+$/u.test(name) ? [{ pid: Number(name), parent, command }] : [];
    } catch {
      return [];
    }
  });
  const found = all.filter(({ parent }) => parent === pid);
  return found.flatMap((child) => [child, ...listDescendants(child.pid)]);
}

function residentMegabytes(pid: number): number {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * 4096) / 1e6;
  } catch {
    return 0;
  }
}

/** Samples what the server and its converting child hold; `peaks` has the highest so far, in MB. */
export class MemoryWatch {
  readonly peaks = { server: 0, child: 0 };
  readonly #serverPid: number;
  readonly #timer: NodeJS.Timeout;
  #children: number[] = [];
  #samples = 0;

  constructor(serverPid: number) {
    this.#serverPid = serverPid;
    this.#timer = setInterval(() => this.#sample(), sampleMs);
  }

  reset(): void {
    this.peaks.server = 0;
    this.peaks.child = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    if (this.#samples++ % 20 === 0) {
      this.#children = listDescendants(this.#serverPid)
        .filter(({ command }) => command.includes('duckdbEngine'))
        .map(({ pid }) => pid);
    }
    const peak = (before: number, now: number) => Math.max(before, Math.round(now));
    this.peaks.server = peak(this.peaks.server, residentMegabytes(this.#serverPid));
    for (const pid of this.#children) {
      this.peaks.child = peak(this.peaks.child, residentMegabytes(pid));
    }
  }
}
