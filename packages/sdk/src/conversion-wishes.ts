import type { Call } from './http.ts';
import { Upload, type UploadPart, type UploadProgress } from './upload.ts';

/** What can be said of one conversion and of a batch alike. */
export interface ConversionWishes {
  /** Target format, such as `csv`. */
  to: string;
  from?: string | undefined;
  options?: Record<string, unknown> | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Seconds the server may keep the request open before it answers 202. */
  wait?: number | undefined;
  /** Queue the jobs and answer at once. */
  respondAsync?: boolean | undefined;
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
  onUpload?: ((progress: UploadProgress) => void) | undefined;
}

/** All of a request that uploads the files, but its path. */
export function uploadRequest(
  wishes: ConversionWishes,
  parts: readonly UploadPart[],
  sourceUrls: readonly string[] = [],
): Omit<Call, 'path'> {
  const { to, from, options, metadata, idempotencyKey, signal } = wishes;
  const fields: [string, string][] = [['to', to]];
  if (from !== undefined) fields.push(['from', from]);
  if (options !== undefined) fields.push(['options', JSON.stringify(options)]);
  if (metadata !== undefined) fields.push(['metadata', JSON.stringify(metadata)]);
  for (const url of sourceUrls) fields.push(['source_url', url]);
  return {
    method: 'POST',
    headers: preferHeader(wishes),
    upload: new Upload(fields, parts, wishes.onUpload),
    idempotencyKey,
    signal,
  };
}

/** How long a caller wants to wait for the result, as RFC 7240 says it. */
export function preferHeader({ wait, respondAsync }: ConversionWishes): Record<string, string> {
  const wishes: string[] = [];
  if (respondAsync === true) wishes.push('respond-async');
  if (wait !== undefined) wishes.push(`wait=${Math.ceil(wait)}`);
  return wishes.length === 0 ? {} : { prefer: wishes.join(', ') };
}
