import type { DueWorkHandler } from './run-due-work.ts';

/** Who does which kind of due work. */
export const dueWorkHandlers: Readonly<Record<string, DueWorkHandler>> = {};
