import { z } from 'zod';
import type { PlatformContext } from '../context.ts';
import { listRevenueByCurrency, listRevenueByMonth, listRevenueByPlan } from './revenue-sql.ts';

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
    /** The newest first, from the first in which something recurred, at most twelve; UTC. */
    months: z.array(
      z.object({
        /** Such as `2027-06`. */
        month: z.string(),
        currency: z.string(),
        /** As it began. */
        paying_start_count: count,
        recurring_start_minor: z.int(),
        /** Who began to pay, or came back. */
        new_count: count,
        new_minor: z.int(),
        /** By dearer plans and by cheaper ones. */
        expansion_minor: z.int(),
        contraction_minor: z.int(),
        /** Whose subscription ended. */
        lost_count: count,
        lost_minor: z.int(),
      }),
    ),
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

const monthsShown = 12;

/** What the platform earns, by currency, as the books stand now. */
export async function findRevenue(ctx: PlatformContext): Promise<Revenue> {
  const asOf = ctx.clock.now();
  const [currencies, months, plans] = await Promise.all([
    ctx.db.query<Revenue['currencies'][number]>(listRevenueByCurrency(asOf)),
    ctx.db.query<Revenue['months'][number]>(listRevenueByMonth(asOf, monthsShown)),
    ctx.db.query<Revenue['plans'][number]>(listRevenueByPlan()),
  ]);
  return { object: 'revenue', as_of: asOf.toISOString(), currencies, months, plans };
}
