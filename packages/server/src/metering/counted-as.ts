import { z } from 'zod';

/** How one conversion, ours or somebody else's, was counted. */
export const countedAsSchema = z.object({
  counted: z.boolean(),
  billed_as: z.enum(['included', 'overage', 'none']),
  unit_amount: z.string().nullable(),
  currency: z.string().nullable(),
  period_start: z.string(),
});
