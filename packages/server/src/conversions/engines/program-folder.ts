import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A program as it lies on this machine. */
export interface InstalledProgram {
  readonly path: string;
  /** What it must be told to find. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Where programs of the operator's own folder find their libraries and fonts. It is laid out as `/`
 * is, so that it may hold what packages of the distribution were unpacked to.
 *
 * @param ahead a folder of libraries that comes before the others
 */
export function environmentOf(
  programFolder: string,
  ahead?: string,
): InstalledProgram['environment'] {
  const libraries = ['usr/lib', 'lib']
    .map((name) => join(programFolder, name))
    .filter((path) => existsSync(path));
  const paths = libraries.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('-linux-gnu'))
      .flatMap((name) => ['', 'blas', 'lapack'].map((more) => join(folder, name, more)))
      .filter((path) => existsSync(path)),
  );
  const fonts = join(programFolder, 'etc/fonts/fonts.conf');
  return {
    LD_LIBRARY_PATH: [...(ahead === undefined ? [] : [ahead]), ...paths].join(':'),
    ...(existsSync(fonts) ? { FONTCONFIG_FILE: fonts } : {}),
  };
}
