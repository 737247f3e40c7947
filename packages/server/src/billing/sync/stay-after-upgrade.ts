import type { Context } from '../../context.ts';
import { findWhatIsSold } from '../catalogue/catalogue.ts';
import type { BillingDeps } from '../deps.ts';
import type { ProviderState } from '../provider/provider-state.ts';
import { idOf } from '../provider/stripe.ts';
import { itemOf } from './subscription-facts.ts';
import { findKeptSubscription, type KeptSubscription } from './sql.ts';

/**
 * Who cancelled and then upgraded stays. Where the upgrade waited for its payment, the cancellation
 * is taken back once it is paid, and not before: who never pays it goes as was asked.
 */
export async function stayAfterUpgrade(
  deps: BillingDeps,
  ctx: Context,
  state: ProviderState,
): Promise<ProviderState> {
  const { subscription } = state;
  if (subscription === null || subscription.status === 'canceled') return state;
  const isEnding = subscription.cancel_at_period_end || subscription.cancel_at !== null;
  if (!isEnding || subscription.pending_update !== null) return state;
  const [kept] = await deps.db.query<KeptSubscription>(findKeptSubscription(ctx.organization.id));
  const pending = kept?.pending_change ?? null;
  if (kept === undefined || pending === null) return state;
  const sold = await findWhatIsSold(deps.db, itemOf(subscription).price.id);
  const isApplied = sold?.planId === pending.plan_id && sold.interval === pending.interval;
  const isNew = sold?.planId !== kept.plan_id || sold.interval !== kept.interval;
  if (!isApplied || !isNew) return state;
  const { cancel_at_period_end, cancel_at } = await deps.stripe.subscriptions.update(
    subscription.id,
    { cancel_at_period_end: false },
    { idempotencyKey: `${subscription.id} stay ${idOf(subscription.latest_invoice) ?? ''}` },
  );
  return { ...state, subscription: { ...subscription, cancel_at_period_end, cancel_at } };
}
