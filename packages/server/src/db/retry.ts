import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from './transient.ts';

/** Some five seconds of pauses: as long as a PostgreSQL that was killed takes to come back. */
export const attemptsByDefault = 12;

/** Resolves after the pause that follows a failed attempt; attempts count from 1. */
export async function pauseAfter(attempt: number): Promise<void> {
  await sleep(Math.min(10 * 2 ** attempt, 1_000) * (0.5 + Math.random() / 2));
}

/**
 * Does `work` again while it fails for a passing reason; only for what may be done twice.
 *
 * @throws what the last attempt threw
 */
export async function retry<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || attempt === attemptsByDefault) throw error;
      await pauseAfter(attempt);
    }
  }
}
