import { setTimeout as sleep } from 'node:timers/promises';
import { memberIdOf } from '../context.ts';
import { isTransient } from '../db/transient.ts';
import { AppError } from '../errors.ts';
import { databaseAway } from '../metering/database-away.ts';
import { isRefused } from '../metering/refusal.ts';
import type { AdmitCall, Decision } from '../metering/schema.ts';
import { describeUsage } from '../metering/usage-warning.ts';
import {
  replyFromJob,
  type ConversionRequest,
  type ConversionResult,
} from './intake/conversion-request.ts';
import type { ConversionDeps } from './deps.ts';
import type { Attempt } from './attempt/execute.ts';
import { inputKey } from './files/storage.ts';
import type { PreparedConversion } from './intake/prepare-conversion.ts';
import type { ReceivedUpload } from './intake/received-upload.ts';
import { refuse } from './refuse.ts';
import { runAttempt, type AttemptOutcome } from './attempt/run-attempt.ts';
import type { JobRow } from './schema.ts';
import { findJob, keepRunning } from './sql.ts';

/** A file that is here, and what is to become of it. */
export interface Conversion {
  readonly jobId: string;
  readonly upload: ReceivedUpload;
  readonly prepared: PreparedConversion;
}

/** Admits a conversion whose file is here, and runs or queues it. */
export async function admitConversion(
  deps: ConversionDeps,
  call: ConversionRequest,
  conversion: Conversion,
): Promise<ConversionResult> {
  const { ctx, preferences } = call;
  const { jobId, upload } = conversion;
  const organizationId = ctx.organization.id;
  const queued = preferences.respondAsync || upload.file.sizeBytes > deps.settings.syncBytesMax;
  // What is answered before it is counted must survive a crash: the input with it.
  const acknowledged = queued || preferences.waitSeconds !== null;
  const admission = toAdmitCall(deps, call, conversion, queued ? 'async' : 'sync');
  const decision = acknowledged
    ? await storeAndAdmit(deps, admission, upload)
    : await deps.metering.admit(admission);
  const usageWarning = describeUsage(decision);
  if (isRefused(decision)) {
    if (acknowledged) await deps.storage.remove([inputKey(organizationId, jobId)]);
    throw await refuse(deps, ctx, decision);
  }
  if (decision.verdict === 'duplicate') {
    return { reply: replyFromJob(await loadJob(call, jobId)), usageWarning };
  }
  if (queued) return { reply: { kind: 'accepted', job: await loadJob(call, jobId) }, usageWarning };
  const fate: Fate = { mayRequeue: false };
  const running = runNow(deps, conversion, decision, acknowledged ? fate : null);
  const outcome = await withinWait(deps, call, jobId, { running, fate });
  if (outcome === 'still running') {
    return { reply: { kind: 'accepted', job: await loadJob(call, jobId) }, usageWarning };
  }
  return { reply: await toReply(call, conversion, admission, decision, outcome), usageWarning };
}

/** What becomes of a job that fails: once its caller was told 202 it may be tried again. */
interface Fate {
  mayRequeue: boolean;
}

/** The input first: a job that is admitted durably is one that any worker can run. */
async function storeAndAdmit(
  deps: ConversionDeps,
  admission: AdmitCall,
  upload: ReceivedUpload,
): Promise<Decision> {
  const key = inputKey(admission.organizationId, admission.jobId);
  await deps.storage.put(key, upload.source(), null);
  try {
    return await deps.metering.admitDurably(admission);
  } catch (error) {
    // After a lost connection it may have been admitted all the same.
    if (!isTransient(error)) await deps.storage.remove([key]);
    throw error;
  }
}

/** @param fate null: the input was not stored, and the job ends with its caller */
async function runNow(
  deps: ConversionDeps,
  { jobId, upload, prepared }: Conversion,
  decision: Decision,
  fate: Fate | null,
): Promise<AttemptOutcome> {
  const organizationId = decision.organization_id;
  const attempt: Attempt = {
    organizationId,
    jobId,
    fence: 1,
    ...prepared,
    filename: upload.file.filename,
    input: fate ? { path: `${upload.path}.stored` } : upload.source(),
    retentionHours: decision.retention_hours,
    timeoutMs: deps.settings.syncTimeoutMs,
  };
  if (!fate) return runAttempt(deps, attempt, () => false);
  const { input } = attempt;
  if ('path' in input) await deps.storage.copyTo(inputKey(organizationId, jobId), input.path);
  try {
    const outcome = await runAttempt(deps, attempt, () => fate.mayRequeue);
    if (outcome.kind === 'succeeded' || outcome.kind === 'failed') {
      await deps.storage.remove([inputKey(organizationId, jobId)]);
    }
    return outcome;
  } finally {
    await upload.removeBeside('.stored');
  }
}

/** With `Prefer: wait=N` the caller hears 202 after N seconds, and the job goes on by itself. */
async function withinWait(
  deps: ConversionDeps,
  { ctx, preferences }: ConversionRequest,
  jobId: string,
  { running, fate }: { running: Promise<AttemptOutcome>; fate: Fate },
): Promise<AttemptOutcome | 'still running'> {
  if (preferences.waitSeconds === null) return running;
  const over = new AbortController();
  const limit = sleep(preferences.waitSeconds * 1000, 'still running' as const, {
    signal: over.signal,
  });
  limit.catch(() => undefined);
  const first = await Promise.race([running, limit]);
  over.abort();
  if (first === 'still running') {
    deps.detached.add(jobId, running);
    await ctx.db.query(keepRunning(ctx.organization.id, jobId));
    fate.mayRequeue = true;
  }
  return first;
}

async function toReply(
  call: ConversionRequest,
  conversion: Conversion,
  admission: AdmitCall,
  decision: Decision,
  outcome: AttemptOutcome,
): Promise<ConversionResult['reply']> {
  switch (outcome.kind) {
    case 'succeeded': {
      const job = finishedJob(conversion, admission, decision, outcome);
      return { kind: 'done', job, bytes: outcome.converted.bytes };
    }
    case 'failed': {
      const { error } = outcome;
      throw new AppError(error.code, error.message, {
        details: { ...error.details, job_id: conversion.jobId },
        ...(error.retryAfterSeconds === undefined
          ? {}
          : { retryAfterSeconds: error.retryAfterSeconds }),
        cause: error.cause,
      });
    }
    case 'requeued':
    case 'lost':
      return replyFromJob(await loadJob(call, conversion.jobId));
  }
}

/** The job's row as it now stands in the database, from what we wrote there ourselves. */
function finishedJob(
  { prepared }: Conversion,
  admission: AdmitCall,
  decision: Decision,
  outcome: AttemptOutcome & { kind: 'succeeded' },
): JobRow {
  const { completion, converted } = outcome;
  return {
    organization_id: admission.organizationId,
    id: admission.jobId,
    kind: 'conversion',
    mode: 'sync',
    status: 'succeeded',
    type: admission.type,
    from: prepared.from,
    to: prepared.to,
    options: prepared.options,
    metadata: admission.metadata as Record<string, unknown>,
    input: admission.input,
    output: converted.output,
    progress: null,
    warnings: [...converted.warnings],
    error: null,
    fence: 1,
    counted: true,
    billed_as: completion.billed_as ?? 'included',
    unit_amount: completion.unit_amount,
    currency: completion.currency,
    period_start: completion.period_start ?? decision.period_start,
    api_key_id: admission.apiKeyId,
    member_id: admission.memberId,
    created_at: decision.admitted_at,
    started_at: decision.admitted_at,
    finished_at: completion.finished_at,
    duration_ms: outcome.durationMs,
    purged_at: null,
  };
}

/** What admission is asked for a conversion. */
export function toAdmitCall(
  deps: ConversionDeps,
  call: ConversionRequest,
  { jobId, upload, prepared }: Conversion,
  mode: AdmitCall['mode'],
): AdmitCall {
  const { file, fields } = upload;
  return {
    organizationId: call.ctx.organization.id,
    jobId,
    kind: 'conversion',
    mode,
    type: prepared.type,
    from: prepared.from,
    to: prepared.to,
    sizeBytes: file.sizeBytes,
    options: prepared.options,
    metadata: fields.metadata,
    input: { filename: file.filename, size_bytes: file.sizeBytes, sha256: file.sha256 },
    apiKeyId: call.apiKeyId,
    memberId: memberIdOf(call.ctx.actor),
    requestId: call.ctx.requestId,
    leaseSeconds: deps.settings.leaseSeconds,
    unitSeconds: null,
  };
}

async function loadJob({ ctx }: ConversionRequest, jobId: string): Promise<JobRow> {
  const [job] = await ctx.db.query<JobRow>(findJob(ctx.organization.id, jobId));
  if (job === undefined) {
    // Admitted without waiting for the disk, and the database died before it was there.
    throw databaseAway(undefined);
  }
  return job;
}
