import type { Invocation } from './command.ts';
import { exitCodes } from './exit-codes.ts';

/** Prints an answer: as text, or with `--json` as the server sent it. */
export function show<Value>(
  { io, flags }: Pick<Invocation, 'io' | 'flags'>,
  value: Value,
  text: (value: Value) => string,
): number {
  const isJson = flags['json'] === true;
  io.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : text(value));
  return exitCodes.ok;
}
