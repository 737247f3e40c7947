import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import { refuseTotal } from '../../http/upload/form-intake.ts';
import { displayFilename } from '../../http/upload/multipart-head.ts';
import type { UploadedFile, UploadLimits } from '../../http/upload/upload-file.ts';
import type { Decision } from '../../metering/schema.ts';
import type { ConversionRequest } from '../intake/conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { detectFormat } from '../detect/detect.ts';
import { UploadFile } from '../files/upload-file.ts';
import { importSource } from '../intake/import-source.ts';
import { goneSignal, recordTooLarge } from '../intake/receive-upload.ts';
import { ReceivedUpload } from '../intake/received-upload.ts';
import type { UploadFields } from '../intake/request-fields.ts';
import { requireDisk } from '../intake/require-disk.ts';
import { readArchive } from './archive-files.ts';
import { batchFilesMax, memoryBytesMax } from './bounds.ts';

/** What a batch brings: files, one archive, or URLs. */
export interface Sources {
  readonly files: readonly {
    readonly filename: string;
    readonly file: UploadedFile | AppError;
    readonly path: string;
  }[];
  readonly archive: (UploadedFile & { readonly path: string }) | null;
  readonly urls: readonly string[];
}

/** One file of a batch: here, or refused already. */
export interface BatchFile {
  readonly filename: string;
  readonly upload: ReceivedUpload | AppError;
}

export interface OpenOptions extends Sources {
  readonly fields: UploadFields;
  readonly folder: string;
  readonly limits: UploadLimits;
  readonly decision: Decision;
}

/** Fetched at once. */
const fetchesMax = 4;

/** Brings every file of a batch here. @throws AppError for what speaks against the whole of it */
export async function openSources(
  deps: ConversionDeps,
  call: ConversionRequest,
  options: OpenOptions,
): Promise<BatchFile[]> {
  const { files, archive, fields } = options;
  if (archive !== null) return openArchive(deps, call, options, archive);
  const uploaded = files.map(({ filename, file, path }) => ({
    filename,
    upload: file instanceof AppError ? file : new ReceivedUpload(file, fields, path),
  }));
  return [...uploaded, ...(await fetchAll(deps, call, options))];
}

async function openArchive(
  deps: ConversionDeps,
  call: ConversionRequest,
  { limits, fields, folder, decision }: OpenOptions,
  archive: UploadedFile & { path: string },
): Promise<BatchFile[]> {
  const whole = archive.bytes === null ? { path: archive.path } : { bytes: archive.bytes };
  const detected = await detectFormat({ head: archive.head, filename: 'archive.zip', ...whole });
  if (detected.format !== 'zip') {
    throw new AppError('unsupported_format', `The archive is ${detected.mediaType}, not a ZIP.`, {
      details: { detected: detected.mediaType },
    });
  }
  const pathOf = (index: number) => join(folder, `entry-${index}`);
  const files = await readArchive(whole, {
    limits,
    memoryBytesMax,
    filesMax: batchFilesMax,
    totalBytesMax: deps.settings.batchBytesMax,
    open: (index) => UploadFile.open(pathOf(index), () => requireDisk(deps)),
  });
  return files.map(({ filename, file }, index) => {
    recordTooLarge(deps, call, decision, file);
    const upload =
      file instanceof AppError ? file : new ReceivedUpload(file, fields, pathOf(index));
    return { filename, upload };
  });
}

async function fetchAll(
  deps: ConversionDeps,
  call: ConversionRequest,
  { urls, files, limits, fields, folder, decision }: OpenOptions,
): Promise<BatchFile[]> {
  if (urls.length === 0) return [];
  const signal = goneSignal(call);
  const fetched: BatchFile[] = [];
  let totalBytes = files.reduce((sum, { file }) => sum + sizeOf(file), 0);
  const fetchOne = async (index: number, url: string, path: string) => {
    const { batchBytesMax } = deps.settings;
    // Past the bound nothing more is fetched; what is under way then is not kept.
    refuseTotal(batchBytesMax, totalBytes);
    const pointer = `/source_url/${index}`;
    const imported = await importSource(deps, {
      organizationId: call.ctx.organization.id,
      url,
      limits,
      path,
      signal,
      pointer,
    });
    totalBytes += imported.sizeBytes;
    if (totalBytes > batchBytesMax) await rm(path, { force: true });
    refuseTotal(batchBytesMax, totalBytes);
    return imported;
  };
  const waiting = [...urls.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, url] = next;
      const path = join(folder, `url-${index}`);
      const file = await fetchOne(index, url, path).catch(asRefusal);
      recordTooLarge(deps, call, decision, file);
      fetched[index] =
        file instanceof AppError
          ? { filename: nameOf(url), upload: file }
          : { filename: file.filename, upload: new ReceivedUpload(file, fields, path) };
    }
  };
  await Promise.all(Array.from({ length: fetchesMax }, work));
  return fetched;
}

function asRefusal(error: unknown): AppError {
  if (error instanceof AppError && error.status < 500) return error;
  throw error;
}

function sizeOf(file: UploadedFile | AppError): number {
  return file instanceof AppError ? 0 : file.sizeBytes;
}

function nameOf(url: string): string {
  return displayFilename(URL.canParse(url) ? new URL(url).pathname : url.slice(0, 255));
}
