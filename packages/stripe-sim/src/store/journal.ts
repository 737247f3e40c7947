import type { Document } from './documents.ts';
import type { Change } from './state.ts';

/**
 * Where the simulator's documents outlive it. All of `write`'s changes are kept, or none, before it
 * answers; `load` gives back what was kept.
 */
export interface Journal {
  load(): Promise<Document[]>;
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

/** Keeps nothing: the state ends with the process. */
export function createMemoryJournal(): Journal {
  return {
    load: () => Promise.resolve([]),
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
