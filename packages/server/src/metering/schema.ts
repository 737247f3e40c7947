/** What admission is asked for one conversion (or, kind external, one unit). */
export interface AdmitCall {
  readonly organizationId: string;
  readonly jobId: string;
  readonly kind: 'conversion' | 'external';
  /** sync takes a unit and a slot; async a unit only, the slot comes with the claim. */
  readonly mode: 'sync' | 'async';
  readonly type: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly sizeBytes: number;
  readonly options: unknown;
  readonly metadata: unknown;
  /** The job's `input` as it goes onto the wire. */
  readonly input: { filename: string | null; size_bytes: number; sha256: string | null };
  readonly apiKeyId: string | null;
  readonly memberId: string | null;
  readonly requestId: string;
  readonly leaseSeconds: number;
  /** How long an external reservation keeps its unit without an answer; null for our own jobs. */
  readonly unitSeconds: number | null;
}

export type LookCall = Pick<
  AdmitCall,
  'organizationId' | 'mode' | 'type' | 'sizeBytes' | 'apiKeyId'
>;

export type Verdict =
  | 'allowed'
  | 'allowed_overage'
  | 'quota_exceeded'
  | 'concurrency_limited'
  | 'queue_full'
  | 'file_too_large'
  | 'spend_cap_reached'
  | 'payment_overdue'
  | 'suspended'
  | 'duplicate';

/** One row of `admit()` and `decide_admissions()`; counts are those before the call itself. */
export interface Decision {
  readonly ordinal: number;
  readonly verdict: Verdict;
  readonly organization_id: string;
  readonly plan_id: string;
  readonly plan_version: number;
  readonly plan_name: string;
  readonly override_id: string | null;
  readonly monthly_limit: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly concurrent_limit: number | null;
  readonly active: number;
  readonly queued: number;
  readonly file_bytes_max: number | null;
  readonly overage_policy: 'block' | 'warn' | 'charge';
  readonly unit_amount: string | null;
  readonly currency: string;
  readonly spend_cap_minor: number | null;
  readonly key_limit: number | null;
  readonly key_used: number | null;
  readonly period_start: string;
  readonly period_end: string;
  readonly admitted_at: string;
  /** How long inputs and outputs of this organization are kept. */
  readonly retention_hours: number;
}

export interface CompleteCall {
  readonly organizationId: string;
  readonly jobId: string;
  readonly fence: number;
  /** The job's `output` as it is stored; null for an external one. */
  readonly output: unknown;
  readonly warnings: readonly unknown[];
  readonly bytesOut: number;
  readonly durationMs: number;
}

/** One row of `complete()`. Only `counted` and `already` mean that the job succeeded. */
export interface Completion {
  readonly ordinal: number;
  readonly result: 'counted' | 'already' | 'stale';
  readonly billed_as: 'included' | 'overage' | 'none' | null;
  readonly unit_amount: string | null;
  readonly currency: string | null;
  readonly period_start: string | null;
  readonly used: number | null;
  readonly monthly_limit: number | null;
  readonly finished_at: string | null;
}

export interface ReleaseCall {
  readonly organizationId: string;
  readonly jobId: string;
  /** null: whatever attempt there is (a cancel from outside). */
  readonly fence: number | null;
  /** retry puts the job back into the queue. */
  readonly status: 'failed' | 'cancelled' | 'retry';
  readonly error: { code: string; detail: string; retryable: boolean } | null;
  /** What the failure is counted under. */
  readonly reason: string;
}

export interface Release {
  readonly ordinal: number;
  readonly result: 'released' | 'stale';
}
