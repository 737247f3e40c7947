import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { recordBillingEvent } from './billing-events.ts';
import { forgetBillingAddressOf } from './sql.ts';

/**
 * Takes an address of a member who deletes their account out of the workspace's bills, under the
 * workspace's lock; on record, without the address. Nothing happens where bills go to somebody else.
 */
export async function giveUpBillingAddress(
  tx: Queryable,
  ctx: Context,
  userId: string,
): Promise<void> {
  const { id } = ctx.organization;
  if ((await tx.query(forgetBillingAddressOf(id, userId))).length === 0) return;
  const change = { before: {}, after: { billing_email: null } };
  await recordBillingEvent(tx, ctx, {
    type: 'billing.updated',
    summary: 'The billing address went with the account of a member',
    data: change,
  });
  await appendAudit(tx, ctx, {
    action: 'billing.updated',
    target: { kind: 'workspace', id },
    ...change,
    reason: 'A member deleted their account.',
  });
}
