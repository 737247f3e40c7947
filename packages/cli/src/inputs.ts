import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';

import { UsageError } from './command.ts';

/** Whether an input is a URL that the server is to fetch. */
export function isUrl(input: string): boolean {
  return /^https?:\/\//i.test(input);
}

/** An input's name as a file of this folder: of a URL the last part of its path. */
export function nameOf(input: string): string {
  if (!isUrl(input)) return input;
  const path = URL.canParse(input) ? new URL(input).pathname : '';
  return basename(path) || 'output';
}

/** An input's extension, without the dot; empty for stdin. */
export function extensionOf(input: string): string {
  return extname(nameOf(input)).slice(1).toLowerCase();
}

/** @throws UsageError for a file that is not there, or no file */
export async function checkInput(input: string): Promise<void> {
  if (input === '-' || isUrl(input)) return;
  const found = await stat(input).catch(() => null);
  if (found === null) throw new UsageError(`There is no file ${input}, or it cannot be read.`);
  if (found.isDirectory()) throw new UsageError(`${input} is a folder; name the files in it.`);
}
