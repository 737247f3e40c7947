import { isTransient } from '../../db/transient.ts';
import type { AppError } from '../../errors.ts';
import { isRefused } from '../../metering/refusal.ts';
import type { AdmitCall, Decision } from '../../metering/schema.ts';
import { describeUsage } from '../../metering/usage-warning.ts';
import { toAdmitCall, type Conversion } from '../admit-conversion.ts';
import type { ConversionRequest } from '../conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { inputKey } from '../files/storage.ts';
import { refuse } from '../refuse.ts';
import type { BatchEntry, FileError } from './schema.ts';

/** A file that is ready to be admitted, or was refused before. */
export type PreparedFile = { readonly filename: string } & (
  | { readonly conversion: Conversion }
  | { readonly error: FileError }
);

/**
 * Admits each file by itself, in the order of the request: past the quota the first ones run and the
 * rest is refused. All of them queue, so that none is refused for want of a slot.
 *
 * @throws AppError the refusal, where nothing could be admitted
 */
export async function admitFiles(
  deps: ConversionDeps,
  call: ConversionRequest,
  files: readonly PreparedFile[],
): Promise<{ entries: BatchEntry[]; usageWarning: string | null }> {
  const { organization } = call.ctx;
  // The inputs first: a job that is admitted is one that any worker can run.
  for (const file of files) {
    if (!('conversion' in file)) continue;
    const { jobId, upload } = file.conversion;
    await deps.storage.put(inputKey(organization.id, jobId), upload.source(), null);
  }
  // Called in one turn, they are decided in this order, in one or few batches.
  const decisions = await Promise.all(
    files.map(async (file) =>
      'conversion' in file
        ? admitOne(deps, toAdmitCall(deps, call, file.conversion, 'async'))
        : null,
    ),
  );
  const entries: BatchEntry[] = [];
  let refusal: AppError | null = null;
  let admitted = 0;
  let usageWarning: string | null = null;
  for (const [index, file] of files.entries()) {
    const decision = decisions[index] ?? null;
    if (!('conversion' in file)) {
      entries.push(file);
      continue;
    }
    const { filename, conversion } = file;
    if (decision instanceof Error) throw decision;
    if (decision === null) continue;
    usageWarning = describeUsage(decision) ?? usageWarning;
    if (isRefused(decision)) {
      await deps.storage.remove([inputKey(organization.id, conversion.jobId)]);
      const error = await refuse(deps, call.ctx, decision);
      refusal ??= error;
      entries.push({ filename, error: fileError(error) });
    } else {
      admitted += 1;
      entries.push({ filename, job_id: conversion.jobId });
    }
  }
  if (admitted === 0 && refusal !== null) throw refusal;
  return { entries, usageWarning };
}

/** An error is answered, not thrown: the others' fate must be known before anybody is told. */
async function admitOne(deps: ConversionDeps, admission: AdmitCall): Promise<Decision | Error> {
  try {
    return await deps.metering.admitDurably(admission);
  } catch (error) {
    // After a lost connection it may have been admitted all the same.
    if (!isTransient(error)) {
      await deps.storage.remove([inputKey(admission.organizationId, admission.jobId)]);
    }
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** An error as it is told of one file in a batch. */
export function fileError(error: AppError): FileError {
  const { code, status, message, retryable, details, retryAfterSeconds } = error;
  const wait = retryAfterSeconds === undefined ? {} : { retry_after: Math.ceil(retryAfterSeconds) };
  return { ...details, ...wait, code, status, detail: message, retryable };
}
