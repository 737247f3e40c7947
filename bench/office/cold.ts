import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What one would do without us: a `soffice` for each document.
 *
 * @param place each has a profile of its own, so that several can run side by side
 */
export async function convertCold(folder: string, place: number, file: string): Promise<void> {
  const profile = pathToFileURL(join(folder, `profile-${place}`)).href;
  const outdir = join(folder, `cold-${place}`);
  const args = ['--headless', '--norestore', '--convert-to', 'pdf', '--outdir', outdir];
  await run('soffice', [`-env:UserInstallation=${profile}`, ...args, join(folder, file)]);
  const { size } = await stat(join(outdir, file.replace(/\.\w+$/u, '.pdf')));
  if (size === 0) throw new Error(`soffice wrote nothing for ${file}`);
}

/** Several documents in one start: the same second, shared. */
export async function convertColdTogether(
  folder: string,
  place: number,
  files: readonly string[],
): Promise<void> {
  const profile = pathToFileURL(join(folder, `profile-${place}`)).href;
  const outdir = join(folder, `cold-${place}`);
  const args = ['--headless', '--norestore', '--convert-to', 'pdf', '--outdir', outdir];
  const paths = files.map((file) => join(folder, file));
  await run('soffice', [`-env:UserInstallation=${profile}`, ...args, ...paths]);
}
