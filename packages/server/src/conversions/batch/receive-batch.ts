import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { readForm } from '../../http/upload/multipart.ts';
import { isJson, readJson } from '../../http/raw-json.ts';
import type { UploadedFile, UploadLimits } from '../../http/upload/upload-file.ts';
import { invalidRequest } from '../../http/validation.ts';
import type { Decision } from '../../metering/schema.ts';
import type { ConversionRequest } from '../intake/conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { UploadFile } from '../files/upload-file.ts';
import { recordTooLarge, uploadLimits } from '../intake/receive-upload.ts';
import { fingerprintOfRequest } from '../intake/received-upload.ts';
import {
  formFields,
  jsonFields,
  readFormFields,
  readJsonFields,
} from '../intake/request-fields.ts';
import type { UploadFields } from '../intake/request-fields.ts';
import { requireDisk } from '../intake/require-disk.ts';
import { batchFilesMax, memoryBytesMax } from './bounds.ts';
import { openSources, type BatchFile, type Sources } from './open-sources.ts';

/** A batch whose body has been read. */
export interface IncomingBatch {
  readonly fields: UploadFields;
  /** Two requests with the same fingerprint ask for the same. */
  readonly fingerprint: string;
  /** The files, from the archive or their URLs where they are not here yet. @throws AppError */
  open(): Promise<BatchFile[]>;
  /** Removes what came with the request. */
  discard(): Promise<void>;
}

const urls = z
  .array(z.string())
  .min(1)
  .max(batchFilesMax)
  .describe('Where the files are fetched from: http or https, public hosts');

/** A batch as JSON. */
export const jsonBatchSchema = z.strictObject({ source_urls: urls, ...jsonFields });

/**
 * Reads the request's body: files, an archive of files, or URLs. A file above the plan's limit is
 * refused by itself.
 *
 * @throws AppError `invalid_request`, `file_too_large` for all together, `overloaded`
 */
export async function receiveBatch(
  deps: ConversionDeps,
  call: ConversionRequest,
  decision: Decision,
  batchId: string,
): Promise<IncomingBatch> {
  const folder = join(deps.settings.workFolder, `${batchId}-${call.ctx.requestId}.batch`);
  await mkdir(folder, { mode: 0o700 });
  const discard = () => rm(folder, { recursive: true, force: true });
  const limits = uploadLimits(deps, decision);
  try {
    const { fields, ...sources } = isJson(call.request.headers['content-type'])
      ? await readJsonBatch(call)
      : await readFormBatch(deps, call, { folder, limits });
    for (const { file } of sources.files) recordTooLarge(deps, call, decision, file);
    return {
      fields,
      fingerprint: fingerprintOfRequest(fields, [
        ...sources.files.map(({ filename, file }) => (isFile(file) ? file : tooLarge(filename))),
        ...(sources.archive === null ? [] : [sources.archive]),
        ...sources.urls.map((sourceUrl) => ({ sourceUrl })),
      ]),
      open: () => openSources(deps, call, { ...sources, fields, folder, limits, decision }),
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

type Received = Sources & { fields: UploadFields };

async function readJsonBatch({ request, reply }: ConversionRequest): Promise<Received> {
  const { source_urls: sourceUrls, ...body } = await readJson(request, reply, jsonBatchSchema);
  return { fields: readJsonFields(body), files: [], archive: null, urls: sourceUrls };
}

async function readFormBatch(
  deps: ConversionDeps,
  { request, reply }: ConversionRequest,
  { folder, limits }: { folder: string; limits: UploadLimits },
): Promise<Received> {
  const { batchBytesMax } = deps.settings;
  const form = await readForm(request, reply, {
    fields: [...formFields, 'source_url'],
    files: ['file', 'archive'],
    timesMax: { file: batchFilesMax, source_url: batchFilesMax },
    partsMax: 2 * batchFilesMax + 10,
    limits,
    limitsByName: { archive: { ...limits, fileBytesMax: batchBytesMax } },
    totalBytesMax: batchBytesMax,
    refuseAlone: true,
    memoryBytesMax,
    open: (index) => UploadFile.open(join(folder, `file-${index}`), () => requireDisk(deps)),
  });
  const { source_url: sourceUrls = [], to, from, options, metadata } = form.fields;
  const [archive = null, ...archives] = form.files.filter(({ name }) => name === 'archive');
  const files = form.files.map(({ name, filename, file }, index) => ({
    name,
    filename,
    file,
    path: join(folder, `file-${index}`),
  }));
  const others = files.length - (archive === null ? 0 : 1 + archives.length) + sourceUrls.length;
  requireSources(others, archive !== null);
  const fields = readFormFields({
    ...(to?.[0] === undefined ? {} : { to: to[0] }),
    ...(from?.[0] === undefined ? {} : { from: from[0] }),
    ...(options?.[0] === undefined ? {} : { options: options[0] }),
    ...(metadata?.[0] === undefined ? {} : { metadata: metadata[0] }),
  });
  if (archive === null) return { fields, files, archive: null, urls: sourceUrls };
  if (!isFile(archive.file)) throw archive.file;
  const path = files.find(({ name }) => name === 'archive')?.path ?? '';
  return { fields, files: [], archive: { ...archive.file, path }, urls: [] };
}

function requireSources(others: number, hasArchive: boolean): void {
  if (hasArchive && others > 0) {
    throw invalidRequest([{ pointer: '/archive', detail: 'must not be sent beside other files' }]);
  }
  if (!hasArchive && others === 0) {
    const detail = 'is required: one part for each document, or one "archive" (ZIP)';
    throw invalidRequest([{ pointer: '/file', detail }]);
  }
  if (others > batchFilesMax) {
    const detail = `must not be more than ${batchFilesMax} with source_url together`;
    throw invalidRequest([{ pointer: '/file', detail }]);
  }
}

function isFile(file: UploadedFile | AppError): file is UploadedFile {
  return !(file instanceof AppError);
}

/** Stands for a file of which nothing is known but that it was too large. */
function tooLarge(filename: string): { sourceUrl: string } {
  return { sourceUrl: `too large: ${filename}` };
}
