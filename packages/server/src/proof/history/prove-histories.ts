import fc from 'fast-check';
import type { Pool } from '../../db/pool.ts';
import { expectSameState } from './agreement.ts';
import { runStep } from './run-step.ts';
import { histories, type Step } from './steps.ts';
import { createWorld } from './world.ts';

export interface HistoriesOptions {
  readonly db: Pool;
  readonly seed: number;
  readonly histories: number;
  readonly stepsMax: number;
  /** No history is begun after that. */
  readonly untilMs?: number;
  /** The one that failed, to see it alone. */
  readonly path?: string;
  readonly onHistory?: () => void;
}

export interface HistoriesResult {
  readonly histories: number;
  readonly steps: number;
}

/**
 * Plays random histories against database and model; after every step both must agree and the
 * invariants hold.
 *
 * @throws Error with the seed and path that show the failure again, and the shortest history found
 */
export async function proveHistories(options: HistoriesOptions): Promise<HistoriesResult> {
  const { db, seed } = options;
  const played = { histories: 0, steps: 0 };
  const deadline = options.untilMs ?? Infinity;
  const play = async (steps: readonly Step[]) => {
    if (performance.now() > deadline) return;
    const world = await createWorld(db);
    for (const [index, step] of steps.entries()) {
      try {
        await runStep(world, step);
        await expectSameState(world);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const place = `step ${index + 1} of ${steps.length} (${step.do})`;
        throw new Error(`${place}: ${reason}`, { cause: error });
      }
    }
    played.histories += 1;
    played.steps += steps.length;
    options.onHistory?.();
  };
  await fc.assert(fc.asyncProperty(histories(options.stepsMax), play), {
    seed,
    numRuns: options.histories,
    ...(options.path === undefined ? {} : { path: options.path }),
    // A failure is made smaller for ten minutes at most; the first one found is told all the same.
    interruptAfterTimeLimit:
      600_000 + (Number.isFinite(deadline) ? deadline - performance.now() : 0),
    includeErrorInReport: true,
  });
  return played;
}
