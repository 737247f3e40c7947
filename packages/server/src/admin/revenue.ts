import { z } from 'zod';
import type { PlatformContext } from '../context.ts';
import { listRevenueByCurrency, listRevenueByPlan } from './revenue-sql.ts';

const count = z.int().nonnegative();

const currencyRevenueSchema = z.object({
  currency: z.string(),
  /** Of all paid subscriptions, for a month, overage apart. */
  recurring_minor: z.int(),
  /** The part of it whose last invoice is unpaid. */
  recurring_past_due_minor: z.int(),
  /** The part of it that ends with its period. */
  recurring_ending_minor: z.int(),
  paying_count: count,
  trialing_count: count,
  /** Stamped in the running usage periods, on no bill yet. */
  overage_accruing_minor: z.int(),
  /** On bills of the last 30 days. */
  overage_billed_minor: z.int(),
  /** Paid on invoices in the last 30 days, what was given back taken off. */
  paid_minor: z.int(),
});

export const revenueSchema = z
  .object({
    object: z.literal('revenue'),
    as_of: z.string(),
    /** The largest first. */
    currencies: z.array(currencyRevenueSchema),
    plans: z.array(
      z.object({
        plan_id: z.string(),
        name: z.string(),
        currency: z.string(),
        paying_count: count,
        recurring_minor: z.int(),
      }),
    ),
  })
  .meta({ id: 'Revenue' });

export type Revenue = z.infer<typeof revenueSchema>;

/** What the platform earns, by currency, as the books stand now. */
export async function findRevenue(ctx: PlatformContext): Promise<Revenue> {
  const asOf = ctx.clock.now();
  const [currencies, plans] = await Promise.all([
    ctx.db.query<Revenue['currencies'][number]>(listRevenueByCurrency(asOf)),
    ctx.db.query<Revenue['plans'][number]>(listRevenueByPlan()),
  ]);
  return { object: 'revenue', as_of: asOf.toISOString(), currencies, plans };
}
