import type { Log } from './context.ts';

export interface Chore {
  /** Takes a turn now, unless one is under way. */
  start(): void;
  /** Takes no further turn, and resolves when the one under way is over. */
  stop(): Promise<void>;
}

/**
 * Does something again and again, one turn at a time; a turn that fails is logged and the next one
 * tries again. Every chore may run in any number of processes.
 */
export function startChore(
  name: string,
  everyMs: number,
  log: Log,
  work: () => Promise<unknown>,
): Chore {
  let running: Promise<void> | undefined;
  const start = (): void => {
    running ??= work()
      .then(() => undefined)
      .catch((error: unknown) => log.warn({ err: error, chore: name }, 'a chore failed'))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(start, everyMs);
  return {
    start,
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
