import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { newId } from '../../ids.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import {
  computeBill,
  findBill,
  listSealedBills,
  type OverageBill,
  type Sealing,
  sealBills,
} from './sql.ts';

export interface SealOverage extends Partial<Sealing> {
  /** false: nobody is charged, the bill is only shown. */
  readonly collected: boolean;
}

/**
 * Closes the bills of the usage periods that are over and writes their lines. What completes later
 * stands on a later bill, with its own price and period. May be repeated, by any number at once.
 *
 * The lock that every conversion waits for is held for the sealing alone, not for the sums.
 */
export async function sealOverage(ctx: Context, input: SealOverage): Promise<void> {
  const { collected, periodEnd = null, cutAt = null } = input;
  const { id } = ctx.organization;
  await ctx.db.query(sealBills(id, { periodEnd, cutAt }, ctx.clock.now()));
  const sealed = await ctx.db.query<{ usage_period_start: string }>(listSealedBills(id));
  for (const bill of sealed) await computeOne(ctx, bill.usage_period_start, collected);
}

async function computeOne(
  ctx: Context,
  usagePeriodStart: string,
  collected: boolean,
): Promise<void> {
  const asOf = ctx.clock.now();
  const id = newId('bill', asOf.getTime());
  await ctx.db.transaction(async (tx) => {
    const bill = { usagePeriodStart, id, collected };
    const [row] = await tx.query<{ computed: boolean }>(
      computeBill(ctx.organization.id, bill, asOf),
    );
    if (row?.computed === true) await record(tx, ctx, usagePeriodStart);
  });
}

async function record(tx: Queryable, ctx: Context, usagePeriodStart: string): Promise<void> {
  const [bill] = await tx.query<OverageBill>(findBill(ctx.organization.id, usagePeriodStart));
  if (bill === undefined) throw new Error('the bill just computed is not there');
  const { id, quantity, amount_minor, currency, usage_period_start, usage_period_end } = bill;
  const facts = { quantity, amount_minor, currency, usage_period_start, usage_period_end };
  await recordBillingEvent(tx, ctx, {
    type: 'overage.billed',
    summary: `${quantity} conversions past the limit were billed`,
    data: facts,
  });
  await appendAudit(tx, ctx, {
    action: 'overage.billed',
    target: { kind: 'overage_bill', id },
    before: null,
    after: { ...facts, collected: bill.collected },
  });
}
