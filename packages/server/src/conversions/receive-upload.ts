import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { fingerprintOf } from '../http/idempotency.ts';
import { readUpload } from '../http/multipart.ts';
import type { UploadedFile } from '../http/upload-file.ts';
import type { Decision } from '../metering/schema.ts';
import type { ConversionRequest } from './conversion-request.ts';
import type { ConversionDeps } from './deps.ts';
import type { FileSource } from './files/storage.ts';
import { UploadFile } from './files/upload-file.ts';
import { fileLimitBytes } from './look.ts';
import { parseJsonField } from './prepare-conversion.ts';

export interface UploadFields {
  readonly to: string;
  readonly from: string | undefined;
  readonly options: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** A file that has arrived: small in memory, else in the work folder until somebody takes it. */
export class ReceivedUpload {
  readonly file: UploadedFile;
  readonly fields: UploadFields;
  /** Two requests with the same fingerprint ask for the same. */
  readonly fingerprint: string;
  readonly path: string;

  constructor(file: UploadedFile, fields: UploadFields, path: string) {
    this.file = file;
    this.fields = fields;
    this.path = path;
    const { to, from, options, metadata } = fields;
    this.fingerprint = fingerprintOf(
      JSON.stringify({ to, from, options, metadata }),
      file.filename,
      file.sha256,
    );
  }

  /** The bytes, for as long as the request lasts; the storage may take the file over. */
  source(): FileSource {
    return this.file.bytes === null ? { path: this.path } : { bytes: this.file.bytes };
  }

  async removeBeside(suffix: string): Promise<void> {
    await rm(`${this.path}${suffix}`, { force: true });
  }

  async discard(): Promise<void> {
    if (this.file.bytes === null) await rm(this.path, { force: true });
  }
}

/**
 * Reads the request's body: the file to memory or to the work folder, up to the byte that crosses
 * the plan's limit.
 *
 * @throws AppError `invalid_request`, `file_too_large`, `overloaded` where the disk is full
 */
export async function receiveUpload(
  deps: ConversionDeps,
  call: ConversionRequest,
  decision: Decision,
  jobId: string,
): Promise<ReceivedUpload> {
  const path = join(deps.settings.workFolder, `${jobId}-${call.ctx.requestId}.upload`);
  const limits = {
    fileBytesMax: fileLimitBytes(deps, decision),
    plan: decision.plan_id,
    upgradeUrl: `${deps.settings.publicUrl}/billing`,
  };
  const { file, fields } = await readUpload(call.request, call.reply, {
    fields: ['to', 'from', 'options', 'metadata'],
    limits,
    open: async () => {
      await requireDisk(deps);
      return new UploadFile(path);
    },
  }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'file_too_large') {
      const verdict = error.code;
      const refused = { ...decision, verdict, file_bytes_max: limits.fileBytesMax };
      deps.refusals.add({
        decision: refused,
        requestId: call.ctx.requestId,
        slotSeconds: null,
      });
    }
    throw error;
  });
  try {
    const checked: UploadFields = {
      to: requireTarget(fields.to),
      from: fields.from === '' ? undefined : fields.from,
      options: parseJsonField('options', fields.options),
      metadata: parseJsonField('metadata', fields.metadata),
    };
    return new ReceivedUpload(file, checked, path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function requireTarget(to: string | undefined): string {
  if (to !== undefined && to !== '') return to;
  throw new AppError('invalid_request', 'The field "to" is missing: the format you want.', {
    details: { errors: [{ pointer: '/to', detail: 'is required, for example "csv"' }] },
  });
}

async function requireDisk(deps: ConversionDeps): Promise<void> {
  const { bavail, bsize } = await statfs(deps.settings.workFolder);
  if (bavail * bsize >= deps.settings.diskBytesFreeMin) return;
  deps.log.error({ alarm: true }, 'the disk is nearly full: uploads are refused');
  throw new AppError('overloaded', 'The service is short of storage. Please try again later.', {
    retryAfterSeconds: 60,
  });
}
