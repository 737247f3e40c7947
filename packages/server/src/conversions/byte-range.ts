import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../errors.ts';
import type { ByteRange } from './files/storage.ts';

/**
 * What of a file a request wants (RFC 9110, 13.1.5 and 14): one range, or null for all of it. All of
 * it is also the answer to several ranges, to another unit, and where `If-Range` names another file.
 *
 * @param etag with its quotes
 * @throws AppError `range_not_satisfiable` where the file has none of the bytes
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  etag: string,
  sizeBytes: number,
): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return null;
  // There are dates, too: we give none, so none is ours.
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return null;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start < sizeBytes) return { start, end };
  throw new AppError('range_not_satisfiable', `The output has ${sizeBytes} bytes.`);
}
