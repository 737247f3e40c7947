import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { SegmentFiles } from './segment-files.ts';
import type { ByteRange, FileSource, Storage, StoredInput } from './storage.ts';

/** Files in a folder of the data folder: the default. */
export class LocalStorage implements Storage {
  readonly #root: string;
  readonly #segments: SegmentFiles;

  constructor(root: string) {
    this.#root = root;
    this.#segments = new SegmentFiles(join(root, segmentsName));
  }

  async put(key: string, source: FileSource, expiresAt: Date | null): Promise<string> {
    if (expiresAt !== null && 'bytes' in source && source.bytes.length <= segmentBytesMax) {
      return this.#segments.append(source.bytes, expiresAt);
    }
    const path = this.#pathOf(key);
    await withFolder(path, async () => {
      if ('path' in source) {
        await rename(source.path, path).catch(async (error: unknown) => {
          if (codeOf(error) !== 'EXDEV') throw error;
          await this.#replace(path, (temporary) => copyFile(source.path, temporary));
          await rm(source.path);
        });
      } else {
        await writeNew(path, source.bytes).catch(async (error: unknown) => {
          if (codeOf(error) !== 'EEXIST') throw error;
          await this.#replace(path, (temporary) => writeNew(temporary, source.bytes));
        });
      }
    });
    return key;
  }

  async open(place: string, range?: ByteRange): Promise<Readable | null> {
    if (isInSegment(place)) return this.#segments.open(place, range);
    try {
      const file = await open(this.#pathOf(place));
      return file.createReadStream(range);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** Only of files by their key: an input never lies in a segment. */
  async copyTo(key: string, path: string): Promise<boolean> {
    try {
      await link(this.#pathOf(key), path).catch(async (error: unknown) => {
        if (codeOf(error) !== 'EXDEV' && codeOf(error) !== 'EPERM') throw error;
        await copyFile(this.#pathOf(key), path);
      });
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async remove(places: readonly string[]): Promise<void> {
    await Promise.all(
      places.map((place) =>
        isInSegment(place)
          ? this.#segments.remove(place)
          : rm(this.#pathOf(place), { force: true }),
      ),
    );
  }

  async expire(now: Date): Promise<void> {
    await this.#segments.expire(now);
  }

  /** Half-written files of a process that died are removed on the way. */
  async *listInputs(storedBefore: Date): AsyncGenerator<readonly StoredInput[]> {
    for (const organizationId of await listFolders(this.#root)) {
      if (organizationId === segmentsName) continue;
      const organization = join(this.#root, organizationId);
      for (const time of await listFolders(organization)) {
        const inputs: StoredInput[] = [];
        const folder = join(organization, time);
        for (const name of await readdir(folder)) {
          const [jobId = '', kind, temporary] = name.split('.');
          if (temporary === undefined && kind !== 'input') continue;
          const found = await stat(join(folder, name)).catch(() => null);
          if (found === null || found.mtimeMs >= storedBefore.getTime()) continue;
          if (temporary === undefined) inputs.push({ organizationId, jobId });
          else await rm(join(folder, name), { force: true });
        }
        if (inputs.length > 0) yield inputs;
      }
    }
  }

  /**
   * `<organization>/<time>/<job>.<name>`: ids begin with their time, and the characters taken here
   * make a folder for nine hours, so that most files need no folder made and none grows forever.
   */
  #pathOf(key: string): string {
    const [, organization, job, name] = /^(\w+)\/(\w+)\/([\w-]+)$/.exec(key) ?? [];
    if (organization === undefined || job === undefined || name === undefined) {
      throw new Error(`not a storage key: ${key}`);
    }
    const time = job.slice(job.indexOf('_') + 1).slice(0, 5);
    return join(this.#root, organization, time, `${job}.${name}`);
  }

  /** Never a moment in which a reader finds half a file. */
  async #replace(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${path}.${randomUUID()}`;
    await write(temporary);
    await rename(temporary, path);
  }
}

const segmentBytesMax = 65_536;
const segmentsName = 'segments';

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function isInSegment(place: string): boolean {
  return place.startsWith(`${segmentsName}/`);
}

async function writeNew(path: string, bytes: Buffer): Promise<void> {
  await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
}

/** Runs `work`, and once more with the folder made where it was missing: saves a call when not. */
async function withFolder(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await work();
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Reads a local file as a stream; a name of its own so that callers need no `node:fs`. */
export function readLocalFile(path: string): Readable {
  return createReadStream(path);
}
