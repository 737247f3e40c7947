import type { Readable } from 'node:stream';

/** Where a file's bytes come from: a local file, which the storage takes over, or memory. */
export type FileSource = { readonly path: string } | { readonly bytes: Buffer };

/** Bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The port to wherever inputs and outputs are kept. A key is `<organization>/<job>/<name>`, made
 * of ids and of names of our own only, never of anything that a client sent.
 */
export interface Storage {
  /** Stores a file; what was under the key is replaced in one step. */
  put(key: string, source: FileSource): Promise<void>;
  /** The stored bytes, or null where there are none (any more). */
  open(key: string, range?: ByteRange): Promise<Readable | null>;
  /** Puts the stored bytes under a local path, for an engine to read. False: there are none. */
  copyTo(key: string, path: string): Promise<boolean>;
  /** Deletes what is under these keys. Gone already is fine. */
  remove(keys: readonly string[]): Promise<void>;
}

export function inputKey(organizationId: string, jobId: string): string {
  return `${organizationId}/${jobId}/input`;
}

/** Each attempt has an output of its own, so that a late one cannot overwrite the counted one. */
export function outputKey(organizationId: string, jobId: string, fence: number): string {
  return `${organizationId}/${jobId}/output-${fence}`;
}

/** Everything that a job may have stored in its attempts so far. */
export function keysOfJob(organizationId: string, jobId: string, fence: number): string[] {
  const outputs = Array.from({ length: fence }, (_, index) =>
    outputKey(organizationId, jobId, index + 1),
  );
  return [inputKey(organizationId, jobId), ...outputs];
}
