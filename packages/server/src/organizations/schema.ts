import { z } from 'zod';
import { oneLine } from '../http/fields.ts';

/** A text that people read: no control characters, no blank ends. */
export function displayText(charactersMax: number) {
  return oneLine.min(1).max(charactersMax);
}

function isTimeZone(name: string): boolean {
  // Intl also takes offsets such as +01:00, which have no summer time and are no IANA names.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
}

const alertThresholds = z
  .array(z.int().min(1).max(100))
  .max(10)
  .refine(isAscending, 'must be ascending, each percentage once');

/** An organization, as the URL calls it. */
export const workspaceSchema = z
  .object({
    id: z.string(),
    object: z.literal('workspace'),
    name: z.string(),
    slug: z.string(),
    plan_id: z.string(),
    billing_status: z.enum(['ok', 'past_due', 'suspended']),
    billing_email: z.string().nullable(),
    /** An IANA name. */
    time_zone: z.string(),
    /** How long outputs are kept. */
    retention_hours: z.int(),
    /** Percent of the monthly limit at which the workspace is told. */
    alert_thresholds: z.array(z.int()),
    suspended: z.boolean(),
    /** The subscription is charged again, and nothing is on file to charge. */
    payment_method_missing: z.boolean(),
    created_at: z.string(),
  })
  .meta({ id: 'Workspace' });

export type Workspace = z.infer<typeof workspaceSchema>;

export const createWorkspaceSchema = z.strictObject({
  name: displayText(100),
  plan_id: z.string().min(1).max(64).optional(),
});

export type CreateWorkspace = z.infer<typeof createWorkspaceSchema>;

export const updateWorkspaceSchema = z.strictObject({
  name: displayText(100).optional(),
  time_zone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin" or "UTC"')
    .optional(),
  retention_hours: z.int().min(1).max(8760).optional(),
  alert_thresholds: alertThresholds.optional(),
});

export type UpdateWorkspace = z.infer<typeof updateWorkspaceSchema>;
