import { z } from 'zod';
import { jobSchema } from '../schema.ts';

/** Why one file of a batch was refused: the members of a problem document that concern it. */
export const fileErrorSchema = z.looseObject({
  code: z.string(),
  status: z.int(),
  detail: z.string(),
  retryable: z.boolean(),
});

/** The wire shape of a batch: one entry a file, in the order of the request. */
export const batchSchema = z
  .object({
    id: z.string(),
    object: z.literal('batch'),
    workspace_id: z.string(),
    /** completed: every job of it has ended, however it ended. */
    status: z.enum(['processing', 'completed']),
    to: z.string(),
    counts: z.object({
      total: z.int(),
      queued: z.int(),
      processing: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      expired: z.int(),
      /** Never admitted. */
      refused: z.int(),
    }),
    data: z.array(
      z.object({
        filename: z.string(),
        job: jobSchema.nullable(),
        error: fileErrorSchema.nullable(),
      }),
    ),
    /** The outputs in one ZIP; null while there are none. */
    output: z.object({ filename: z.string(), media_type: z.string(), url: z.string() }).nullable(),
    api_key_id: z.string().nullable(),
    created_at: z.string(),
  })
  .meta({ id: 'Batch' });

export type Batch = z.infer<typeof batchSchema>;
export type FileError = z.infer<typeof fileErrorSchema>;

/** One file of a batch, as it is kept. */
export type BatchEntry =
  | { readonly filename: string; readonly job_id: string }
  | { readonly filename: string; readonly error: FileError };

/** A row of `conversion_batches`. */
export interface BatchRow {
  readonly organization_id: string;
  readonly id: string;
  readonly to: string;
  readonly files: readonly BatchEntry[];
  readonly api_key_id: string | null;
  readonly created_at: string;
}
