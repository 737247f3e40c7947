import type { Readable, Writable } from 'node:stream';
import type { ParseArgsConfig } from 'node:util';

/** What a command may touch of the world. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /** Aborted with `Interrupted` by Ctrl-C. */
  signal: AbortSignal;
}

export type Options = NonNullable<ParseArgsConfig['options']>;

/** Parsed flags; which exist is the command's `options`. */
export type Flags = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Invocation {
  io: Io;
  flags: Flags;
  positionals: readonly string[];
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly help: string;
  readonly options: Options;
  /** Resolves with the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** The command line itself is wrong; the message says what is right. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A text flag's value. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** Server and file names are foreign text: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?');
}
