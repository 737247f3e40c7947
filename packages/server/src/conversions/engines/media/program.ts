import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where programs are; the last is what `npm test` unpacks for a user who may not install. */
const folders = [
  '/usr/bin',
  '/usr/local/bin',
  '/opt/ffmpeg/bin',
  join(import.meta.dirname, '../../../../../../node_modules/.cache/needs/bin'),
];

/** The path of `ffmpeg` or `ffprobe`, or null; the same in the sandbox, which shows these folders. */
export function findProgram(name: 'ffmpeg' | 'ffprobe'): string | null {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** What a child must be shown besides /usr and our own packages. */
export function programPaths(): string[] {
  return existsSync('/opt/ffmpeg') ? ['/opt/ffmpeg'] : [];
}
