import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { insertBillingEvent } from './sql.ts';

export interface BillingEvent {
  /** `subscription.plan_assigned`, `overrides.set`, … */
  readonly type: string;
  /** One line for people. */
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Adds a line to the billing history that the workspace can read. */
export async function recordBillingEvent(
  tx: Queryable,
  ctx: Context,
  event: BillingEvent,
): Promise<void> {
  const asOf = ctx.clock.now();
  const id = newId('evt', asOf.getTime());
  await tx.query(insertBillingEvent(ctx.organization.id, { id, ...event }, asOf));
}
