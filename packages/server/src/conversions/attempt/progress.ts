import type { ConversionDeps } from '../deps.ts';
import { updateProgress } from '../sql.ts';
import { storableText } from '../storable.ts';

/** A phase may be named after a sheet. */
const phaseCharsMax = 100;

/** Writes an attempt's progress onto its job, at most twice a second, and not for short ones. */
export class ProgressReporter {
  readonly #deps: ConversionDeps;
  readonly #attempt: { organizationId: string; jobId: string; fence: number };
  #latest: { percent: number; phase: string } | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    deps: ConversionDeps,
    attempt: { organizationId: string; jobId: string; fence: number },
  ) {
    this.#deps = deps;
    this.#attempt = attempt;
  }

  report(percent: number, phase: string): void {
    const rounded = Math.min(100, Math.max(0, Math.round(percent)));
    this.#latest = { percent: rounded, phase: storableText(phase, phaseCharsMax) };
    this.#timer ??= setTimeout(() => void this.#write(), 500);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #write(): Promise<void> {
    const progress = this.#latest;
    if (progress !== null) {
      await this.#deps.db
        .query(updateProgress(this.#attempt, progress))
        .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'progress not written'));
    }
    this.#timer = undefined;
    if (!this.#stopped && this.#latest !== progress && this.#latest !== null) {
      this.report(this.#latest.percent, this.#latest.phase);
    }
  }
}
