import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { countedAsSchema } from '../metering/counted-as.ts';

export const jobStatuses = [
  'queued',
  'processing',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const;

/** What a request with documents may be answered, whether they are one or many. */
export const intakeErrors: readonly ErrorCode[] = [
  'quota_exceeded',
  'spend_cap_reached',
  'payment_overdue',
  'workspace_suspended',
  'file_too_large',
  'unsupported_format',
  'document_invalid',
  'document_too_complex',
  'queue_full',
  'overloaded',
];

const inputSchema = z.object({
  filename: z.string().nullable(),
  size_bytes: z.int(),
  sha256: z.string().nullable(),
});

const outputSchema = z.object({
  filename: z.string(),
  size_bytes: z.int(),
  media_type: z.string(),
  sha256: z.string(),
  url: z.string(),
  expires_at: z.string(),
});

/** The wire shape of a conversion. */
export const jobSchema = z
  .object({
    id: z.string(),
    object: z.literal('job'),
    workspace_id: z.string(),
    status: z.enum(jobStatuses),
    type: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    options: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.unknown()),
    input: inputSchema,
    output: outputSchema.nullable(),
    progress: z.object({ percent: z.number(), phase: z.string() }),
    warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
    error: z.object({ code: z.string(), detail: z.string(), retryable: z.boolean() }).nullable(),
    usage: countedAsSchema,
    api_key_id: z.string().nullable(),
    member_id: z.string().nullable(),
    created_at: z.string(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    duration_ms: z.int().nullable(),
  })
  .meta({ id: 'Job' });

export type Job = z.infer<typeof jobSchema>;

/** A row of `jobs`. */
export interface JobRow {
  organization_id: string;
  id: string;
  kind: 'conversion' | 'external';
  mode: 'sync' | 'async';
  status: Job['status'];
  type: string;
  from: string | null;
  to: string | null;
  options: Record<string, unknown> | null;
  metadata: Record<string, unknown> | null;
  input: Job['input'];
  output: StoredOutput | null;
  progress: Job['progress'] | null;
  warnings: Job['warnings'] | null;
  error: Job['error'];
  fence: number;
  counted: boolean;
  billed_as: 'included' | 'overage' | 'none';
  unit_amount: string | null;
  currency: string | null;
  period_start: string;
  api_key_id: string | null;
  member_id: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  duration_ms: number | null;
  purged_at: string | null;
}

/** What is kept of an output; where it can be fetched, and until when, is told when it is asked. */
export interface StoredOutput {
  filename: string;
  size_bytes: number;
  media_type: string;
  sha256: string;
  expires_at: string;
  /** Where the storage has it; never shown. */
  place: string;
}
