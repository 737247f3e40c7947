import { rm } from 'node:fs/promises';
import { fingerprintOf } from '../../http/idempotency/idempotency.ts';
import type { UploadedFile } from '../../http/upload/upload-file.ts';
import type { FileSource } from '../files/storage.ts';
import type { UploadFields } from './request-fields.ts';

/** A file that has arrived: small in memory, else in the work folder until somebody takes it. */
export class ReceivedUpload {
  readonly file: UploadedFile;
  readonly fields: UploadFields;
  readonly path: string;

  constructor(file: UploadedFile, fields: UploadFields, path: string) {
    this.file = file;
    this.fields = fields;
    this.path = path;
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

/** Two requests with the same fingerprint ask for the same; a URL stands for what is behind it. */
export function fingerprintOfRequest(
  fields: UploadFields,
  sources: readonly (UploadedFile | { readonly sourceUrl: string })[],
): string {
  const { to, from, options, metadata } = fields;
  const parts = sources.flatMap((source) =>
    'sourceUrl' in source ? ['source_url', source.sourceUrl] : [source.filename, source.sha256],
  );
  return fingerprintOf(JSON.stringify({ to, from, options, metadata }), ...parts);
}
