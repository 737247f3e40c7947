import type { ConvertProgress } from '@mutate/sdk';

import { printable, type Io } from './command.ts';
import { formatBar, formatSize } from './format.ts';

const redrawMsMin = 100;
const barWidth = 24;
const columnsDefault = 80;

/** One line on a terminal's stderr that is drawn over itself; silent where stderr is no terminal. */
export class ProgressLine {
  readonly #stderr: Io['stderr'];
  readonly #label: string;
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(stderr: Io['stderr'], label: string) {
    this.#stderr = stderr;
    this.#label = printable(label);
  }

  /** Shows where a conversion is; most calls between two redraws cost nothing. */
  show(progress: ConvertProgress): void {
    const { fraction, words } = describe(progress);
    this.say(fraction, words);
  }

  /** The same in words; `fraction` from 0 to 1, null where nothing is known. */
  say(fraction: number | null, words: string): void {
    const nowMs = performance.now();
    const isDue = nowMs - this.#drawnAtMs >= redrawMsMin;
    if (this.#stderr.isTTY !== true || !isDue) return;
    this.#drawnAtMs = nowMs;
    const bar = fraction === null ? '' : `${formatBar(fraction, barWidth)} ${percent(fraction)}  `;
    const line = `${this.#label}  ${bar}${words}`;
    const columns = this.#stderr.columns || columnsDefault;
    this.#stderr.write(`\r\x1b[2K${line.slice(0, columns - 1)}`);
    this.#isShown = true;
  }

  /** Takes the line away, so that something else can be printed. */
  clear(): void {
    if (this.#isShown) this.#stderr.write('\r\x1b[2K');
    this.#isShown = false;
  }
}

function describe(progress: ConvertProgress): { fraction: number | null; words: string } {
  if (progress.kind === 'conversion') {
    const { status, progress: now } = progress.job;
    if (status === 'queued') return { fraction: null, words: 'waiting for its turn' };
    return { fraction: now.percent / 100, words: printable(now.phase) };
  }
  const { sentBytes, totalBytes } = progress;
  if (totalBytes === null) return { fraction: null, words: `uploading ${formatSize(sentBytes)}` };
  if (sentBytes === totalBytes) return { fraction: null, words: 'converting' };
  const words = `uploading ${formatSize(sentBytes)} of ${formatSize(totalBytes)}`;
  return { fraction: sentBytes / totalBytes, words };
}

function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)
    .toString()
    .padStart(3)} %`;
}
