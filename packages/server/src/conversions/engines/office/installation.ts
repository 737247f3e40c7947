import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, type InstalledProgram } from '../program-folder.ts';

/** Writer, Calc and Impress come in packages of their own; all three are needed. */
const libraries = ['libswlo.so', 'libsclo.so', 'libsdlo.so'];

/**
 * LibreOffice as it lies on this machine. The program itself: the script around it would look for a
 * display and a Java.
 */
export interface Installation extends InstalledProgram {
  readonly folder: string;
}

/** @param programFolder the operator's own, laid out as `/` is */
export function findInstallation(programFolder: string | null): Installation | null {
  const own = programFolder === null ? [] : placesBelow(programFolder);
  for (const folder of [...own, ...placesBelow('/')]) {
    const program = join(folder, 'program');
    const inside = (name: string) => existsSync(join(program, name));
    if (!['soffice.bin', ...libraries].every(inside)) continue;
    // Its own libraries first: it looks for its settings beside the one that was loaded.
    const isOwn = programFolder !== null && own.includes(folder);
    const environment = isOwn ? environmentOf(programFolder, program) : {};
    return { path: join(program, 'soffice.bin'), folder: realpathSync(folder), environment };
  }
  return null;
}

/** Where Debian's and the Document Foundation's own packages put it. */
function placesBelow(root: string): string[] {
  const places = ['usr/lib/libreoffice', 'usr/lib64/libreoffice', 'opt/libreoffice'];
  return [
    ...places.map((place) => join(root, place)),
    ...newestFirst(join(root, 'opt'), /^libreoffice[\d.]+$/u),
  ];
}

function newestFirst(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).filter((entry) => name.test(entry));
  return found
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((entry) => join(folder, entry));
}
