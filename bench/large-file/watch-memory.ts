import { readdirSync, readFileSync } from 'node:fs';

const sampleMs = 50;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process that descends from one, and the command it runs; one pass over /proc. */
export function listDescendants(pid: number): Process[] {
  const all = readdirSync('/proc').flatMap((name): Process[] => {
    if (!/^\d+$/u.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(name), parent, command: commandOf(Number(name)) }];
    } catch {
      return [];
    }
  });
  const found = all.filter(({ parent }) => parent === pid);
  for (const { pid: known } of found) found.push(...all.filter(({ parent }) => parent === known));
  return found;
}

/** Empty where the process has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
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
