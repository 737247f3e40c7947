import { retry } from '../../db/retry.ts';
import { isTransient } from '../../db/transient.ts';
import type { AppError } from '../../errors.ts';
import { toAppError } from '../../http/problem.ts';
import { isRefused } from '../../metering/refusal.ts';
import type { AdmitCall, Decision } from '../../metering/schema.ts';
import { describeUsage } from '../../metering/usage-warning.ts';
import { toAdmitCall, type Conversion } from '../admit-conversion.ts';
import type { ConversionRequest } from '../intake/conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { inputKey } from '../files/storage.ts';
import { refuse } from '../refuse.ts';
import type { BatchEntry, FileError } from './schema.ts';
import { listJobIdsOf } from './sql.ts';

/** A file that is ready to be admitted, or was refused before. */
export type PreparedFile = { readonly filename: string } & (
  | { readonly conversion: Conversion }
  | { readonly error: FileError }
);

/** What became of one file: its job is there; or it has none, and its input is gone. */
type Outcome =
  | { readonly kind: 'refused'; readonly error: FileError; readonly thrown: unknown }
  | { readonly kind: 'admitted'; readonly usageWarning: string | null };

/**
 * Admits each file by itself, in the order of the request: past the quota the first ones run and the
 * rest is refused. All of them queue, so that none is refused for want of a slot. An error that meets
 * one of them is told with it, and never in place of the others that run.
 *
 * @throws AppError the refusal, where nothing could be admitted; whatever the database throws where
 *   it does not even tell which jobs there are
 */
export async function admitFiles(
  deps: ConversionDeps,
  call: ConversionRequest,
  files: readonly PreparedFile[],
): Promise<{ entries: BatchEntry[]; usageWarning: string | null }> {
  const conversions = files.flatMap((file) => ('conversion' in file ? [file.conversion] : []));
  // An earlier request under the key may have made some of the jobs: their inputs are theirs.
  const made = call.claim?.kind === 'fresh' && call.claim.takenOver;
  const there = made ? await findMade(call, conversions) : new Set<string>();
  const missing = conversions.filter(({ jobId }) => !there.has(jobId));
  await storeInputs(deps, call, missing);
  const outcomes = await admitAll(deps, call, missing);
  const entries: BatchEntry[] = [];
  let usageWarning: string | null = null;
  for (const file of files) {
    if (!('conversion' in file)) {
      entries.push(file);
      continue;
    }
    const { filename, conversion } = file;
    const outcome = outcomes.get(conversion.jobId);
    if (outcome?.kind === 'refused') {
      entries.push({ filename, error: outcome.error });
    } else {
      usageWarning = outcome?.usageWarning ?? usageWarning;
      entries.push({ filename, job_id: conversion.jobId });
    }
  }
  const refused = [...outcomes.values()].find((outcome) => outcome.kind === 'refused');
  if (refused !== undefined && entries.every((entry) => 'error' in entry)) throw refused.thrown;
  return { entries, usageWarning };
}

/** The inputs before anything else: a job that is admitted is one that any worker can run. */
async function storeInputs(
  deps: ConversionDeps,
  { ctx }: ConversionRequest,
  conversions: readonly Conversion[],
): Promise<void> {
  const keys = conversions.map(({ jobId }) => inputKey(ctx.organization.id, jobId));
  try {
    for (const [index, { upload }] of conversions.entries()) {
      await deps.storage.put(keys[index] ?? '', upload.source(), null);
    }
  } catch (error) {
    await deps.storage.remove(keys);
    throw error;
  }
}

async function admitAll(
  deps: ConversionDeps,
  call: ConversionRequest,
  conversions: readonly Conversion[],
): Promise<ReadonlyMap<string, Outcome>> {
  // Called in one turn, they are decided in this order, in one or few batches.
  const decided = await Promise.all(
    conversions.map(async (conversion) => ({
      conversion,
      decision: await admitOne(deps, toAdmitCall(deps, call, conversion, 'async')),
    })),
  );
  const unsure = decided.filter(({ decision }) => isTransient(decision));
  // After a lost connection they may have been admitted all the same.
  const there = await findMade(
    call,
    unsure.map(({ conversion }) => conversion),
  );
  const outcomes = new Map<string, Outcome>();
  for (const { conversion, decision } of decided) {
    const { jobId } = conversion;
    const outcome: Outcome = there.has(jobId)
      ? { kind: 'admitted', usageWarning: null }
      : await toOutcome(deps, call, decision);
    if (outcome.kind === 'refused') {
      await deps.storage.remove([inputKey(call.ctx.organization.id, jobId)]);
    }
    outcomes.set(jobId, outcome);
  }
  return outcomes;
}

/** An error is answered, not thrown: the others' fate must be known before anybody is told. */
async function admitOne(deps: ConversionDeps, admission: AdmitCall): Promise<Decision | Error> {
  try {
    return await deps.metering.admitDurably(admission);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function toOutcome(
  deps: ConversionDeps,
  { ctx }: ConversionRequest,
  decision: Decision | Error,
): Promise<Outcome> {
  if (!(decision instanceof Error) && !isRefused(decision)) {
    return { kind: 'admitted', usageWarning: describeUsage(decision) };
  }
  if (decision instanceof Error) {
    ctx.log.error({ err: decision }, 'a file of a batch was not admitted');
    return { kind: 'refused', error: fileError(toAppError(decision)), thrown: decision };
  }
  const error = await refuse(deps, ctx, decision);
  return { kind: 'refused', error: fileError(error), thrown: error };
}

async function findMade(
  { ctx }: ConversionRequest,
  conversions: readonly Conversion[],
): Promise<ReadonlySet<string>> {
  if (conversions.length === 0) return new Set();
  const jobIds = conversions.map(({ jobId }) => jobId);
  const statement = listJobIdsOf(ctx.organization.id, jobIds);
  const rows = await retry(() => ctx.db.query<{ id: string }>(statement));
  return new Set(rows.map(({ id }) => id));
}

/** An error as it is told of one file in a batch. */
export function fileError(error: AppError): FileError {
  const { code, status, message, retryable, details, retryAfterSeconds } = error;
  const wait = retryAfterSeconds === undefined ? {} : { retry_after: Math.ceil(retryAfterSeconds) };
  return { ...details, ...wait, code, status, detail: message, retryable };
}
