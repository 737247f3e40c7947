import type { Clock } from '../clock.ts';
import type { Database } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { createMetering, type Metering } from '../metering/metering.ts';
import type { AdmitCall, CompleteCall, ReleaseCall } from '../metering/schema.ts';

/** The batched metering as the server has it, on a test's database. */
export function meteringOn(db: Database, clock: Clock, queuedMax = 1_000): Metering {
  return createMetering({ clock, relaxed: db, durable: db, queuedMax, attemptsMax: 3 });
}

/** A call to admit a small conversion; what matters to the test is given. */
export function admitCall(organizationId: string, given: Partial<AdmitCall> = {}): AdmitCall {
  return {
    organizationId,
    jobId: newId('job', Date.now()),
    kind: 'conversion',
    mode: 'sync',
    type: 'CSV_TO_JSON',
    from: 'csv',
    to: 'json',
    sizeBytes: 1_000,
    options: {},
    metadata: {},
    input: { filename: 'a.csv', size_bytes: given.sizeBytes ?? 1_000, sha256: null },
    apiKeyId: null,
    memberId: null,
    requestId: 'req_test',
    leaseSeconds: 20,
    unitSeconds: null,
    ...given,
  };
}

export function completeCall(
  organizationId: string,
  jobId: string,
  given: Partial<CompleteCall> = {},
): CompleteCall {
  return {
    organizationId,
    jobId,
    fence: 1,
    output: null,
    warnings: [],
    bytesOut: 10,
    durationMs: 5,
    ...given,
  };
}

export function releaseCall(
  organizationId: string,
  jobId: string,
  given: Partial<ReleaseCall> = {},
): ReleaseCall {
  return {
    organizationId,
    jobId,
    fence: 1,
    status: 'failed',
    error: { code: 'document_invalid', detail: 'damaged', retryable: false },
    reason: 'document_invalid',
    ...given,
  };
}
