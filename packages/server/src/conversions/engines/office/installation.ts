import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What `npm test` unpacks where it may not install. */
const unpacked = join(
  import.meta.dirname,
  '../../../../../../node_modules/.cache/needs/root/usr/lib/libreoffice',
);

/** Debian's, the Document Foundation's own packages, and the one of the tests. */
const places = [
  '/usr/lib/libreoffice',
  '/usr/lib64/libreoffice',
  '/opt/libreoffice',
  ...newestFirst('/opt', /^libreoffice[\d.]+$/u),
  unpacked,
];

/** Writer, Calc and Impress come in packages of their own; all three are needed. */
const libraries = ['libswlo.so', 'libsclo.so', 'libsdlo.so'];

/** LibreOffice as it lies on this machine. */
export interface Installation {
  /** The program itself: the script around it would look for a display and a Java. */
  readonly program: string;
  readonly folder: string;
  /** What it needs where it was unpacked, not installed. */
  readonly environment: Readonly<Record<string, string>>;
}

export function findInstallation(): Installation | null {
  for (const folder of places) {
    const inside = (name: string) => existsSync(join(folder, 'program', name));
    if (!['soffice.bin', ...libraries].every(inside)) continue;
    const environment = folder === unpacked ? environmentOfUnpacked() : {};
    const program = join(folder, 'program/soffice.bin');
    return { program, folder: realpathSync(folder), environment };
  }
  return null;
}

function environmentOfUnpacked(): Record<string, string> {
  const folder = dirname(unpacked);
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('-linux-gnu'))
    .flatMap((name) => ['', 'blas', 'lapack'].map((more) => join(folder, name, more)));
  return {
    // Its own folder first: it looks for its settings beside the library that was loaded.
    LD_LIBRARY_PATH: [join(unpacked, 'program'), ...paths].join(':'),
    FONTCONFIG_FILE: join(folder, '../../fonts.conf'),
  };
}

function newestFirst(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).filter((entry) => name.test(entry));
  return found
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((entry) => join(folder, entry));
}
