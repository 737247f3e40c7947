import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { ConnectionError, type JobOutput, MutateError } from '@mutate/sdk';

import type { Io } from './command.ts';
import type { Target } from './output-target.ts';

const triesMax = 3;
const unfinishedPaths = new Set<string>();

/** Removes what a sudden end would leave behind; for the process's `exit` event. */
export function removeUnfinished(): void {
  for (const path of unfinishedPaths) rmSync(path, { force: true });
}

export interface SaveInput {
  io: Io;
  target: Target;
  /** Null where nothing is known of the bytes before they are here. */
  expected: JobOutput | null;
  /** Opens the bytes from their beginning; called again where a download broke off. */
  open: () => Promise<ReadableStream<Uint8Array>>;
}

/**
 * Writes an output and checks its size and SHA-256. A file appears under its name only when it is
 * whole: it is written beside it, flushed to disk and renamed.
 * @throws MutateError, the file system's error, or the signal's reason
 */
export async function saveOutput(input: SaveInput): Promise<void> {
  const { target, io } = input;
  // What has been written to a stream cannot be taken back, so only a file is tried again.
  if (target.kind === 'stdout') return writeOnce(input, io.stdout, { end: false });
  if (target.kind === 'device') {
    return writeOnce(input, createWriteStream(target.path), { end: true });
  }
  for (let tries = 1; ; tries += 1) {
    try {
      return await writeAndRename(input, target.path);
    } catch (error) {
      if (!(error instanceof ConnectionError) || tries === triesMax) throw error;
    }
  }
}

async function writeAndRename(input: SaveInput, path: string): Promise<void> {
  const suffix = randomBytes(6).toString('hex');
  const unfinished = join(dirname(path), `.${basename(path).slice(0, 200)}.${suffix}.part`);
  unfinishedPaths.add(unfinished);
  try {
    const file = createWriteStream(unfinished, { flags: 'wx', flush: true });
    await writeOnce(input, file, { end: true });
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
    unfinishedPaths.delete(unfinished);
  }
}

async function writeOnce(
  { open, expected, io }: SaveInput,
  into: Writable,
  options: { end: boolean },
): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  await pipeline(await open(), measure, into, { ...options, signal: io.signal }).catch(
    (error: unknown) => {
      // The pipeline's own AbortError would hide why.
      throw io.signal.aborted ? io.signal.reason : error;
    },
  );
  if (expected === null) return;
  if (sizeBytes !== expected.size_bytes || hash.digest('hex') !== expected.sha256) {
    throw new MutateError(
      `The download is damaged: ${sizeBytes} of ${expected.size_bytes} bytes, or another checksum.`,
      { code: 'unexpected_reply', retryable: true },
    );
  }
}
