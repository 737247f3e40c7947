import { z } from 'zod';

/** One administrative change on the wire. `before` and `after` are null once they were erased. */
export const auditEntrySchema = z
  .object({
    id: z.string(),
    object: z.literal('audit_entry'),
    /** Null for a change that belongs to no workspace. */
    workspace_id: z.string().nullable(),
    actor: z.object({ kind: z.string(), id: z.string() }),
    /** The super admin who acted as this user. */
    impersonated_by: z.string().nullable(),
    action: z.string(),
    target: z.object({ kind: z.string(), id: z.string() }),
    before: z.unknown(),
    after: z.unknown(),
    reason: z.string().nullable(),
    erased: z.boolean(),
    request_id: z.string().nullable(),
    chain_id: z.string(),
    sequence: z.int().positive(),
    /** SHA-256 in hexadecimal, over this entry and the one before it. */
    hash: z.string(),
    created_at: z.string(),
  })
  .meta({ id: 'AuditEntry' });

export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditVerificationSchema = z
  .object({
    object: z.literal('audit_verification'),
    chain_id: z.string(),
    intact: z.boolean(),
    /** Entries the chain has by its head, and the head's hash: keep both elsewhere. */
    sequence: z.int().nonnegative(),
    hash: z.string().nullable(),
    broken: z
      .object({
        sequence: z.int(),
        problem: z.enum(['missing', 'unlinked', 'altered', 'erased']),
      })
      .nullable(),
  })
  .meta({ id: 'AuditVerification' });

export type AuditVerification = z.infer<typeof auditVerificationSchema>;
