import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, type InstalledProgram } from '../program-folder.ts';

const folders = ['/usr/bin', '/usr/local/bin'];

/** ffmpeg and what belongs to it. */
export interface MediaPrograms {
  readonly ffmpeg: InstalledProgram;
  readonly ffprobe: InstalledProgram;
}

/**
 * The two programs as they are found in one folder; the sandbox shows the same ones. Null: none has
 * both.
 *
 * @param programFolder the operator's own, laid out as `/` is
 */
export function findPrograms(programFolder: string | null): MediaPrograms | null {
  const own = folders.map((folder) => join(programFolder ?? '', folder));
  for (const folder of new Set([...own, ...folders])) {
    const [ffmpeg, ffprobe] = [join(folder, 'ffmpeg'), join(folder, 'ffprobe')];
    if (!existsSync(ffmpeg) || !existsSync(ffprobe)) continue;
    const isOwn = programFolder !== null && own.includes(folder);
    const environment = {
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C.UTF-8',
      ...(isOwn ? environmentOf(programFolder) : {}),
    };
    return { ffmpeg: { path: ffmpeg, environment }, ffprobe: { path: ffprobe, environment } };
  }
  return null;
}
