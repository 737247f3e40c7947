import { isDeepStrictEqual } from 'node:util';
import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import type { ProviderState } from '../provider/provider-state.ts';
import { type KeptSubscription, updateExtraSubscriptions } from './sql.ts';

/**
 * Keeps which subscriptions are alive beside the one that counts, where the operator finds the
 * workspace, and tells when that begins or ends. None is ended here: which one was meant, and what is
 * to be paid back, only people know.
 */
export async function followExtraSubscriptions(
  tx: Queryable,
  ctx: Context,
  kept: KeptSubscription,
  { subscription, extraSubscriptionIds: extra }: ProviderState,
): Promise<void> {
  const before = kept.extra_subscription_ids;
  if (isDeepStrictEqual(before, extra)) return;
  const { id } = ctx.organization;
  await tx.query(updateExtraSubscriptions(id, extra, ctx.clock.now()));
  const count = 1 + extra.length;
  const data = { counted: subscription?.id ?? null, before, after: extra };
  await recordBillingEvent(tx, ctx, {
    type: extra.length > 0 ? 'subscription.doubled' : 'subscription.single',
    summary:
      extra.length > 0
        ? `${count} subscriptions are charged at the payment provider; the newest counts. The operator ends the others.`
        : `${subscription === null ? 'No' : 'Only one'} subscription is charged at the payment provider any more`,
    data,
  });
  await appendAudit(tx, ctx, {
    action: 'subscription.extra_synced',
    target: { kind: 'subscription', id: kept.id },
    before: { extra_subscription_ids: before },
    after: { extra_subscription_ids: extra },
  });
}
