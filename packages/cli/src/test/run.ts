import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { runMutate } from '../run.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Setting {
  stdin?: Readable;
  isTTY?: boolean;
}

/** Runs one command line in this process, and answers what it printed. */
export async function runCaptured(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  setting: Setting = {},
): Promise<Ran> {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: setting.isTTY ?? false, columns: 80 });
  const texts = [text(stdout), text(stderr)];
  const stdin = setting.stdin ?? Readable.from([]);
  const { signal } = new AbortController();
  const code = await runMutate(args, { env, stdin, stdout, stderr, signal });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { code, stdout: out, stderr: err };
}
