import type { Readable } from 'node:stream';

/** Where a file's bytes come from: a local file, which the storage takes over, or memory. */
export type FileSource = { readonly path: string } | { readonly bytes: Buffer };

/** Bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredInput {
  readonly organizationId: string;
  readonly jobId: string;
}

/**
 * The port to wherever inputs and outputs are kept. A key is `<organization>/<job>/<name>`, made
 * of ids and of names of our own only, never of anything that a client sent. A place is what `put`
 * answered: the key, or wherever the storage found it better to put the bytes.
 */
export interface Storage {
  /**
   * Stores a file and answers its place; what was under the key is replaced in one step.
   *
   * @param expiresAt null: kept until it is removed
   */
  put(key: string, source: FileSource, expiresAt: Date | null): Promise<string>;
  /** The stored bytes, or null where there are none (any more). */
  open(place: string, range?: ByteRange): Promise<Readable | null>;
  /** Puts the stored bytes under a local path, for an engine to read. False: there are none. */
  copyTo(place: string, path: string): Promise<boolean>;
  /** Deletes what is in these places. Gone already is fine. */
  remove(places: readonly string[]): Promise<void>;
  /** Deletes what has expired, where the storage keeps it together. */
  expire(now: Date): Promise<void>;
  /** Inputs that were stored before a time of the wall clock, some at a time. */
  listInputs(storedBefore: Date): AsyncIterable<readonly StoredInput[]>;
}

export function inputKey(organizationId: string, jobId: string): string {
  return `${organizationId}/${jobId}/input`;
}

/** Each attempt has an output of its own, so that a late one cannot overwrite the counted one. */
export function outputKey(organizationId: string, jobId: string, fence: number): string {
  return `${organizationId}/${jobId}/output-${fence}`;
}

/** Everything that a job may have stored in its attempts so far. */
export function placesOfJob(
  organizationId: string,
  job: { readonly id: string; readonly fence: number; readonly place: string | null },
): string[] {
  const outputs = Array.from({ length: job.fence }, (_, index) =>
    outputKey(organizationId, job.id, index + 1),
  );
  const places = [inputKey(organizationId, job.id), ...outputs];
  return job.place === null || places.includes(job.place) ? places : [...places, job.place];
}
