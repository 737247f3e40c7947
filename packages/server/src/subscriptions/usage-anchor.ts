import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { changeLimits } from '../organizations/limits.ts';
import { cutUsagePeriodAt } from './sql.ts';

export interface UsagePeriod {
  readonly period_start: string;
  readonly period_end: string;
}

/**
 * Moves the anchor of the usage periods, as when a first paid subscription, another interval or the
 * end of a trial re-anchors the bill: the running period ends there and a new one starts at zero.
 * What is running stays in the old one and counts there. A repeat changes nothing.
 *
 * @param tx the transaction of a verb that holds the organization (`lockOrganization`)
 * @param anchor the provider's, not past the end of the running period
 * @returns the period that runs now
 */
export async function moveUsageAnchor(
  tx: Queryable,
  ctx: Context,
  anchor: Date,
): Promise<UsagePeriod> {
  const statement = cutUsagePeriodAt(ctx.organization.id, anchor, ctx.clock.now());
  const [period] = await changeLimits(tx, ctx, () => tx.query<UsagePeriod>(statement));
  if (period === undefined) throw new Error('cutting a usage period answered no row');
  return period;
}
