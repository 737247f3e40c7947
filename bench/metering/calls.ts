import { newId } from '../../packages/server/src/ids.ts';
import type { AdmitCall, CompleteCall } from '../../packages/server/src/metering/schema.ts';

/** A synchronous conversion as the API's route would ask for it, with a job id of its own. */
export function newAdmitCall(organizationId: string): AdmitCall {
  return {
    organizationId,
    jobId: newId('job', Date.now()),
    kind: 'conversion',
    mode: 'sync',
    type: 'CSV_TO_JSON',
    from: 'csv',
    to: 'json',
    sizeBytes: 1_024,
    options: {},
    metadata: {},
    input: { filename: 'input.csv', size_bytes: 1_024, sha256: null },
    apiKeyId: 'key_06g0000000000000000000bench',
    memberId: null,
    requestId: 'req_06g0000000000000000000bench',
    leaseSeconds: 20,
    unitSeconds: null,
  };
}

/** The completion of that conversion. */
export function completeCallOf({ organizationId, jobId }: AdmitCall): CompleteCall {
  return {
    organizationId,
    jobId,
    fence: 1,
    output: { filename: 'output.json', size_bytes: 2_048, sha256: null },
    warnings: [],
    bytesOut: 2_048,
    durationMs: 5,
  };
}
