import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ByteRange } from './storage.ts';

interface Segment {
  readonly name: string;
  readonly fd: number;
  sizeBytes: number;
}

const hourMs = 3_600_000;
const openSegmentsMax = 16;

/**
 * Small files, many in one: appended to a file of this process for the hour in which they expire,
 * which is deleted as a whole afterwards. Making a file for each of them cost more than all the
 * rest of a small conversion: `open` alone was 43 % of the server's time in bench/path.ts.
 *
 * A place is `segments/<hour>/<file>:<offset>:<length>`. The bytes are with the system when the
 * call returns, so a killed process loses none.
 */
export class SegmentFiles {
  readonly #root: string;
  readonly #segments = new Map<number, Segment>();

  constructor(root: string) {
    this.#root = root;
  }

  append(bytes: Buffer, expiresAt: Date): string {
    const hour = Math.floor(expiresAt.getTime() / hourMs) + 1;
    const segment = this.#segments.get(hour) ?? this.#openSegment(hour);
    const offset = segment.sizeBytes;
    for (let done = 0; done < bytes.length;) {
      done += writeSync(segment.fd, bytes, done, bytes.length - done, offset + done);
    }
    segment.sizeBytes += bytes.length;
    return `segments/${segment.name}:${offset}:${bytes.length}`;
  }

  async open(place: string, range?: ByteRange): Promise<Readable | null> {
    const { path, offset, length } = this.#find(place);
    const start = offset + (range?.start ?? 0);
    const end = range === undefined ? offset + length - 1 : offset + range.end;
    if (length === 0) return Readable.from([]);
    const file = await open(path).catch(nullWhenGone);
    return file === null ? null : file.createReadStream({ start, end });
  }

  /** Overwrites the bytes: their neighbours are others' and stay. */
  async remove(place: string): Promise<void> {
    const { path, offset, length } = this.#find(place);
    const file = await open(path, 'r+').catch(nullWhenGone);
    if (file === null) return;
    try {
      await file.write(Buffer.alloc(length), 0, length, offset);
    } finally {
      await file.close();
    }
  }

  async expire(now: Date): Promise<void> {
    const current = Math.floor(now.getTime() / hourMs);
    for (const [hour, segment] of this.#segments) {
      if (hour <= current) this.#close(hour, segment);
    }
    for (const name of await readdir(this.#root).catch(() => [])) {
      if (/^\d+$/.test(name) && Number(name) <= current) {
        await rm(join(this.#root, name), { recursive: true, force: true });
      }
    }
  }

  #openSegment(hour: number): Segment {
    const [oldest] = this.#segments;
    if (oldest !== undefined && this.#segments.size >= openSegmentsMax) this.#close(...oldest);
    mkdirSync(join(this.#root, String(hour)), { recursive: true, mode: 0o700 });
    const name = `${hour}/${process.pid}-${randomBytes(6).toString('hex')}`;
    const segment = { name, fd: openSync(join(this.#root, name), 'wx', 0o600), sizeBytes: 0 };
    this.#segments.set(hour, segment);
    return segment;
  }

  #close(hour: number, segment: Segment): void {
    this.#segments.delete(hour);
    closeSync(segment.fd);
  }

  #find(place: string): { path: string; offset: number; length: number } {
    const match = /^segments\/(\d+\/\d+-[0-9a-f]+):(\d+):(\d+)$/.exec(place);
    const [, name, offset, length] = match ?? [];
    if (name === undefined) throw new Error(`not a place in a segment: ${place}`);
    return { path: join(this.#root, name), offset: Number(offset), length: Number(length) };
  }
}

function nullWhenGone(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
