import type { IncomingMessage } from 'node:http';
import { AppError } from '../../errors.ts';
import { guardedGet, TargetFailed } from '../../http/outbound/guarded-request.ts';
import { displayFilename, filenameOfDisposition } from '../../http/upload/multipart-head.ts';
import {
  parseTargetUrl,
  systemResolver,
  TargetRefused,
} from '../../http/outbound/outbound-target.ts';
import { FileIntake, refuseAbove } from '../../http/upload/upload-file.ts';
import type { UploadedFile, UploadLimits } from '../../http/upload/upload-file.ts';
import { invalidRequest } from '../../http/validation.ts';
import type { ConversionDeps } from '../deps.ts';
import { UploadFile } from '../files/upload-file.ts';
import { extensionOf, formatOfMediaType, formats, parseFormat } from '../registry/formats.ts';
import { requireDisk } from './require-disk.ts';

export interface ImportOptions {
  readonly organizationId: string;
  readonly url: string;
  readonly limits: UploadLimits;
  /** Where the file goes if it is large. */
  readonly path: string;
  /** Aborted when nobody waits for the file any more. */
  readonly signal: AbortSignal;
  /** RFC 6901: the place of the URL in the request. */
  readonly pointer: string;
}

const importMsMax = 300_000;
const idleMsMax = 30_000;

/** What can be told of a URL before anything is done. @throws AppError `invalid_request` */
export function checkSourceUrl(url: string, pointer: string): void {
  try {
    parseTargetUrl(url);
  } catch (error) {
    throw toAppError(error, pointer);
  }
}

/**
 * Fetches the file behind a URL of the client's choice, as an upload would have brought it. Where it
 * may not go, and how it gets nowhere else, is in http/outbound/.
 *
 * @throws AppError `invalid_request` for a URL that is refused, `source_unavailable`,
 *   `concurrency_limited` where too many are being fetched,
 *   `file_too_large` before the first byte where Content-Length tells, else at the byte that crosses
 */
export async function importSource(
  deps: Pick<ConversionDeps, 'settings' | 'log' | 'imports'>,
  options: ImportOptions,
): Promise<UploadedFile> {
  const { organizationId, signal } = options;
  return deps.imports.hold(organizationId, signal, () => fetchFile(deps, options));
}

async function fetchFile(
  deps: Pick<ConversionDeps, 'settings' | 'log'>,
  { url, limits, path, signal, pointer }: ImportOptions,
): Promise<UploadedFile> {
  const intake = new FileIntake({
    limits,
    open: () => UploadFile.open(path, () => requireDisk(deps)),
  });
  try {
    const found = await guardedGet(url, {
      allowedHosts: deps.settings.importAllowedHosts,
      resolve: systemResolver,
      signal: AbortSignal.any([signal, AbortSignal.timeout(importMsMax)]),
      idleMsMax,
    });
    await readInto(intake, found.response, limits);
    return await intake.finish(filenameOf(found.response, found.url));
  } catch (error) {
    await intake.abort();
    throw toAppError(error, pointer);
  }
}

async function readInto(intake: FileIntake, response: IncomingMessage, limits: UploadLimits) {
  const lengthBytes = Number(response.headers['content-length'] ?? 0);
  try {
    refuseAbove(limits, lengthBytes);
    for await (const chunk of bodyOf(response)) {
      intake.take(chunk);
      if (intake.needsFlush) await intake.flush();
    }
  } finally {
    response.destroy();
  }
}

/** Only what goes wrong in here is a fault of the source; a full disk, say, is ours. */
async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw new TargetFailed('it broke off', error);
  }
}

/** As the reply names it, else the last part of the path; with the extension of its type if it has none. */
function filenameOf({ headers }: IncomingMessage, url: URL): string {
  const named = filenameOfDisposition(headers['content-disposition'] ?? '');
  const name = displayFilename(named ?? decodePath(url.pathname));
  if (parseFormat(extensionOf(name)) !== null) return name;
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const format = mediaType === 'text/plain' ? null : formatOfMediaType(mediaType);
  return format === null ? name : displayFilename(`${name}.${formats[format].extensions[0]}`);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function toAppError(error: unknown, pointer: string): unknown {
  if (error instanceof TargetRefused) return invalidRequest([{ pointer, detail: error.message }]);
  if (error instanceof TargetFailed) {
    const message = `The file could not be fetched from its URL: ${error.message}.`;
    return new AppError('source_unavailable', message, { cause: error });
  }
  return error;
}
