import { z } from 'zod';
import { timeField } from '../../http/fields.ts';

const count = z.int().nonnegative();

export const createPlanMigrationSchema = z.strictObject({
  to_version: z.int().positive().optional().describe('Absent: the version on sale.'),
  effective_at: timeField.describe(
    'Each subscriber is moved at the end of the billing period in which it lies.',
  ),
});

export type CreatePlanMigration = z.infer<typeof createPlanMigrationSchema>;

/** A dated move of a plan's subscribers from older versions to a newer one. */
export const planMigrationSchema = z
  .object({
    id: z.string(),
    object: z.literal('plan_migration'),
    plan_id: z.string(),
    to_version: z.int(),
    effective_at: z.string(),
    created_at: z.string(),
    /** skipped: left the plan or the old version by themselves. */
    workspaces: z.object({ waiting: count, scheduled: count, moved: count, skipped: count }),
  })
  .meta({ id: 'PlanMigration' });

export type PlanMigration = z.infer<typeof planMigrationSchema>;
