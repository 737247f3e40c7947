import { setTimeout as sleep } from 'node:timers/promises';
import { retry } from '../../db/retry.ts';
import { AppError } from '../../errors.ts';
import type { StoredReply } from '../../http/idempotency/idempotency.ts';
import { derivedId, newId } from '../../ids.ts';
import type { ConversionRequest } from '../intake/conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { lookBeforeUpload } from '../look.ts';
import { prepareConversion } from '../intake/prepare-conversion.ts';
import { goneSignal, requireKnownBody } from '../intake/receive-upload.ts';
import { admitFiles, fileError, type PreparedFile } from './admit-files.ts';
import type { BatchFile } from './open-sources.ts';
import { receiveBatch, type IncomingBatch } from './receive-batch.ts';
import type { BatchEntry, BatchRow } from './schema.ts';
import { countUnendedJobs, findBatch, insertBatch } from './sql.ts';

export type BatchReply =
  | { readonly kind: 'made'; readonly row: BatchRow; readonly usageWarning: string | null }
  /** The request was answered before, under its idempotency key. */
  | { readonly kind: 'replayed'; readonly batchId: string; readonly stored: StoredReply };

/** A batch of at most so many files, and of no more bytes than a synchronous file, is waited for. */
const waitFilesMax = 20;
const waitSecondsMax = 60;
const pollMsMin = 25;
const pollMsMax = 250;

/**
 * Several files in, each a conversion by itself: looked at, admitted and queued in the order of the
 * request. What speaks against one of them is told with it; a small batch is waited for.
 *
 * @throws AppError for what speaks against the whole request, as for a single file
 */
export async function createBatch(
  deps: ConversionDeps,
  call: ConversionRequest,
): Promise<BatchReply> {
  const { ctx, claim } = call;
  requireKnownBody(call);
  const preferences = { ...call.preferences, respondAsync: true };
  const decision = await lookBeforeUpload(deps, { ...call, preferences });
  // Everything that the request makes has an id of the claim's: a repeat after a crash finds it.
  const seedId = claim?.jobId ?? newId('job', ctx.clock.now().getTime());
  const batchId = derivedId('bat', seedId, 0);
  const incoming = await receiveBatch(deps, call, decision, batchId);
  try {
    if (claim?.kind === 'stored') {
      return { kind: 'replayed', batchId, stored: claim.replay(incoming.fingerprint) };
    }
    await claim?.settle(incoming.fingerprint);
    if (claim?.takenOver === true) {
      const [row] = await ctx.db.query<BatchRow>(findBatch(ctx.organization.id, batchId));
      if (row !== undefined) return { kind: 'made', row, usageWarning: null };
    }
    return await admitBatch(deps, call, incoming, { seedId, batchId });
  } finally {
    await incoming.discard();
  }
}

async function admitBatch(
  deps: ConversionDeps,
  call: ConversionRequest,
  incoming: IncomingBatch,
  { seedId, batchId }: { seedId: string; batchId: string },
): Promise<BatchReply> {
  const { ctx, apiKeyId } = call;
  const opened = await incoming.open();
  const prepared: PreparedFile[] = [];
  for (const [index, file] of opened.entries()) {
    // From 1 on: 0 is the batch itself.
    prepared.push(await prepareFile(deps, file, derivedId('job', seedId, index + 1)));
  }
  const { entries, usageWarning } = await admitFiles(deps, call, prepared);
  const row: BatchRow = {
    organization_id: ctx.organization.id,
    id: batchId,
    to: incoming.fields.to,
    files: entries,
    api_key_id: apiKeyId,
    created_at: ctx.clock.now().toISOString(),
  };
  // Its jobs may run by now: the answer that tells of them is worth some patience.
  await retry(() => ctx.db.query(insertBatch(row)));
  const bytes = opened.reduce((sum, { upload }) => sum + sizeOf(upload), 0);
  const isSmall = opened.length <= waitFilesMax && bytes <= deps.settings.syncBytesMax;
  await waitForJobs(deps, call, jobIdsOf(entries), isSmall);
  return { kind: 'made', row, usageWarning };
}

async function prepareFile(
  deps: ConversionDeps,
  { filename, upload }: BatchFile,
  jobId: string,
): Promise<PreparedFile> {
  if (upload instanceof AppError) return { filename, error: fileError(upload) };
  try {
    const prepared = await prepareConversion(deps, upload);
    return { filename, conversion: { jobId, upload, prepared } };
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    return { filename, error: fileError(error) };
  }
}

/** Resolves when all jobs have ended, the caller's patience has, or nobody waits any more. */
async function waitForJobs(
  deps: ConversionDeps,
  call: ConversionRequest,
  jobIds: readonly string[],
  isSmall: boolean,
): Promise<void> {
  const { respondAsync, waitSeconds } = call.preferences;
  const seconds = waitSeconds ?? (isSmall ? waitSecondsMax : 0);
  if (respondAsync || seconds === 0 || jobIds.length === 0) return;
  const patience = AbortSignal.timeout(Math.min(seconds, waitSecondsMax) * 1_000);
  const signal = AbortSignal.any([patience, goneSignal(call), deps.closing]);
  for (let pollMs = pollMsMin; !signal.aborted; pollMs = Math.min(pollMs * 1.5, pollMsMax)) {
    const statement = countUnendedJobs(call.ctx.organization.id, jobIds);
    const [unended] = await call.ctx.db.query<{ jobs: number }>(statement);
    if (unended?.jobs === 0) return;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The jobs of a batch, in its order. */
export function jobIdsOf(entries: readonly BatchEntry[]): string[] {
  return entries.flatMap((entry) => ('job_id' in entry ? [entry.job_id] : []));
}

function sizeOf(upload: BatchFile['upload']): number {
  return upload instanceof AppError ? 0 : upload.file.sizeBytes;
}
