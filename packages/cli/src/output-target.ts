import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';

import { UsageError } from './command.ts';
import { isUrl, nameOf } from './inputs.ts';

export type Target =
  | { kind: 'stdout' }
  /** A device or pipe, such as /dev/null: written to, never replaced. */
  | { kind: 'device'; path: string }
  | { kind: 'file'; path: string; isNameOurs: boolean; mayReplace: boolean };

export interface TargetRequest {
  /** A path, a URL, or `-` for stdin. */
  input: string;
  /** The value of -o. */
  output: string | undefined;
  to: string;
  force: boolean;
}

/**
 * Where an output goes, checked before anything is uploaded, so that no conversion is spent on a
 * result that cannot be written. A name of our choosing never replaces a file without --force.
 * @throws UsageError
 */
export async function resolveTarget(request: TargetRequest): Promise<Target> {
  const { output, to, force } = request;
  const input = nameOf(request.input);
  const source = isUrl(request.input) ? '-' : input;
  if (output === '-' || (output === undefined && input === '-')) return { kind: 'stdout' };
  const folder = output === undefined ? dirname(input) : await asFolder(output);
  if (folder === null) return checkTarget(source, resolve(output ?? ''), false, true);
  const stem = input === '-' ? 'output' : basename(input, extname(input));
  return checkTarget(source, resolve(join(folder, `${stem}.${to}`)), true, force);
}

async function asFolder(output: string): Promise<string | null> {
  const found = await stat(output).catch(() => null);
  if (found?.isDirectory() === true) return output;
  if (!output.endsWith('/')) return null;
  throw new UsageError(`The folder ${output} does not exist.`);
}

async function checkTarget(
  input: string,
  path: string,
  isNameOurs: boolean,
  mayReplace: boolean,
): Promise<Target> {
  const existing = await stat(path).catch(() => null);
  if (existing !== null && !existing.isFile()) return { kind: 'device', path };
  // Through a symbolic link, so that the link stays one.
  const real = existing === null ? path : await realpath(path);
  if (input !== '-' && existing !== null && real === (await realpath(input).catch(() => null))) {
    throw new UsageError(`The output would replace the input ${input}; name another with -o.`);
  }
  if (existing !== null && !mayReplace) throw alreadyThere(real);
  await access(dirname(real), constants.W_OK).catch(() => {
    throw new UsageError(`The folder ${dirname(real)} does not exist or cannot be written to.`);
  });
  return { kind: 'file', path: real, isNameOurs, mayReplace };
}

/**
 * The target under the extension of what was really made: all sheets as CSV are a ZIP. A name that
 * the user gave stays.
 * @throws UsageError when that file exists and may not be replaced
 */
export async function withExtensionOf(target: Target, madeFilename: string): Promise<Target> {
  const made = extname(madeFilename);
  if (target.kind !== 'file' || !target.isNameOurs || !/^\.[a-z0-9]{1,16}$/i.test(made)) {
    return target;
  }
  if (extname(target.path).toLowerCase() === made.toLowerCase()) return target;
  const path = target.path.slice(0, -extname(target.path).length) + made;
  const existing = await stat(path).catch(() => null);
  if (existing !== null && !target.mayReplace) throw alreadyThere(path);
  return { ...target, path };
}

function alreadyThere(path: string): UsageError {
  return new UsageError(
    `${path} exists already; replace it with --force, or name another with -o.`,
  );
}
