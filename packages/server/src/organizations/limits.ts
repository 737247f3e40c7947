import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { lockUsage, raiseAlerts } from './sql.ts';

/**
 * Runs a change of what the organization may do. Nothing is admitted or counted meanwhile, so every
 * conversion sees the limits of before or of after; then the alerts that usage is past by the new
 * limits are raised.
 */
export async function changeLimits<Result>(
  tx: Queryable,
  ctx: Context,
  change: () => Promise<Result>,
): Promise<Result> {
  await holdUsage(tx, ctx);
  const result = await change();
  await tx.query(raiseAlerts(ctx.organization.id, ctx.clock.now()));
  return result;
}

/** Nothing is admitted or counted until the transaction ends. */
export async function holdUsage(tx: Queryable, ctx: Context): Promise<void> {
  await tx.query(lockUsage(ctx.organization.id, ctx.clock.now()));
}
