import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { readUpload } from '../../http/upload/multipart.ts';
import { boundaryOf } from '../../http/upload/multipart-parser.ts';
import { isJson, readJson } from '../../http/raw-json.ts';
import type { UploadLimits } from '../../http/upload/upload-file.ts';
import type { Decision } from '../../metering/schema.ts';
import type { ConversionRequest } from './conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { UploadFile } from '../files/upload-file.ts';
import { checkSourceUrl, importSource } from './import-source.ts';
import { fileLimitBytes } from '../look.ts';
import { fingerprintOfRequest, ReceivedUpload } from './received-upload.ts';
import { formFields, jsonFields, readFormFields, readJsonFields } from './request-fields.ts';
import type { UploadFields } from './request-fields.ts';
import { requireDisk } from './require-disk.ts';

/** A request whose body has been read. */
export interface Incoming {
  /** Two requests with the same fingerprint ask for the same. */
  readonly fingerprint: string;
  /** The file: it is here, or is now fetched from its URL. @throws AppError as `importSource` */
  open(): Promise<ReceivedUpload>;
  /** Removes what came with the request. */
  discard(): Promise<void>;
}

/** A conversion as JSON. */
export const jsonRequestSchema = z.strictObject({
  source_url: z.string().describe('Where the file is fetched from: http or https, a public host'),
  ...jsonFields,
});

const pointer = '/source_url';

/** Refuses what is neither a form nor JSON, before anybody is told of limits. */
export function requireKnownBody({ request }: ConversionRequest): void {
  const contentType = request.headers['content-type'];
  if (!isJson(contentType)) boundaryOf(contentType);
}

/**
 * Reads the request's body: the file to memory or to the work folder, up to the byte that crosses
 * the plan's limit, or the URL from which it is to be fetched.
 *
 * @throws AppError `invalid_request`, `file_too_large`, `overloaded` where the disk is full
 */
export async function receiveUpload(
  deps: ConversionDeps,
  call: ConversionRequest,
  decision: Decision,
  jobId: string,
): Promise<Incoming> {
  const path = join(deps.settings.workFolder, `${jobId}-${call.ctx.requestId}.upload`);
  const limits = uploadLimits(deps, decision);
  if (isJson(call.request.headers['content-type'])) {
    const { source_url: url, ...body } = await readJson(
      call.request,
      call.reply,
      jsonRequestSchema,
    );
    return awaitSource(deps, call, decision, { url, fields: readJsonFields(body), path, limits });
  }
  const { file, fields } = await readUpload(call.request, call.reply, {
    fields: [...formFields, 'source_url'],
    insteadOfFile: 'source_url',
    limits,
    open: () => UploadFile.open(path, () => requireDisk(deps)),
  }).catch((error: unknown) => {
    throw recordTooLarge(deps, call, decision, error);
  });
  try {
    const checked = readFormFields(fields);
    if (file === null) {
      const url = fields.source_url ?? '';
      return awaitSource(deps, call, decision, { url, fields: checked, path, limits });
    }
    const upload = new ReceivedUpload(file, checked, path);
    return {
      fingerprint: fingerprintOfRequest(checked, [file]),
      open: async () => upload,
      discard: () => upload.discard(),
    };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** How large one file may be, for its intake. */
export function uploadLimits(deps: ConversionDeps, decision: Decision): UploadLimits {
  return {
    fileBytesMax: fileLimitBytes(deps, decision),
    plan: decision.plan_id,
    upgradeUrl: `${deps.settings.publicUrl}/billing`,
  };
}

/** A file that was cut off at the plan's limit is a refusal like any other, and counted as one. */
export function recordTooLarge(
  deps: ConversionDeps,
  { ctx }: ConversionRequest,
  decision: Decision,
  error: unknown,
): unknown {
  if (error instanceof AppError && error.code === 'file_too_large') {
    const refused = {
      ...decision,
      verdict: error.code,
      file_bytes_max: fileLimitBytes(deps, decision),
    };
    deps.refusals.add({ decision: refused, requestId: ctx.requestId, slotSeconds: null });
  }
  return error;
}

function awaitSource(
  deps: ConversionDeps,
  call: ConversionRequest,
  decision: Decision,
  source: { url: string; fields: UploadFields; path: string; limits: UploadLimits },
): Incoming {
  const { url, fields, path, limits } = source;
  checkSourceUrl(url, pointer);
  let upload: ReceivedUpload | null = null;
  return {
    fingerprint: fingerprintOfRequest(fields, [{ sourceUrl: url }]),
    open: async () => {
      const signal = goneSignal(call);
      const file = await importSource(deps, {
        organizationId: call.ctx.organization.id,
        url,
        limits,
        path,
        signal,
        pointer,
      }).catch((error: unknown) => {
        throw recordTooLarge(deps, call, decision, error);
      });
      upload = new ReceivedUpload(file, fields, path);
      return upload;
    },
    discard: async () => upload?.discard(),
  };
}

/** Aborted when the client goes away before it was answered. */
export function goneSignal({ reply }: ConversionRequest): AbortSignal {
  const gone = new AbortController();
  if (reply.raw.destroyed) gone.abort();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
