import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { recordBillingEvent } from '../../organizations/billing-events.ts';
import { changeLimits } from '../../organizations/limits.ts';
import { announce } from '../../notifications/outbox.ts';
import { blockOverageWithoutCard, findLostCardFacts, type LostCardFacts } from '../payment/sql.ts';
import type { Stripe } from '../provider/stripe.ts';
import type { KeptSubscription } from './sql.ts';

/** A card that is gone, with none in its place. */
export interface LostCard {
  readonly brand: string;
  readonly last4: string;
  /** Conversions past the limit were to be charged to it. */
  readonly isOverageBlocked: boolean;
}

/**
 * Another card, or none any more, wherever that was done.
 *
 * @returns what was lost; null: there is one, or there was none
 */
export async function followCard(
  tx: Queryable,
  ctx: Context,
  kept: KeptSubscription,
  method: Stripe.PaymentMethod | null,
): Promise<LostCard | null> {
  if ((method?.id ?? null) === kept.stripe_payment_method_id) return null;
  const [before, after] = [shownOf(kept.payment_method), shownOf(cardOf(method))];
  const { brand, last4 } = after ?? before ?? { brand: 'other', last4: '' };
  const summary =
    after === null
      ? `Removed the ${brand} card that ends in ${last4}`
      : `The card is now the ${brand} that ends in ${last4}`;
  const type = method === null ? 'payment_method.removed' : 'payment_method.changed';
  await recordBillingEvent(tx, ctx, { type, summary, data: { before, after } });
  await appendAudit(tx, ctx, {
    action: 'payment_method.synced',
    target: { kind: 'workspace', id: ctx.organization.id },
    before,
    after,
  });
  if (method !== null) return null;
  return { brand, last4, isOverageBlocked: await blockOverage(tx, ctx) };
}

/**
 * Tells people of a card that is gone, once the subscription is written: only where something is still
 * to be charged, or was to be.
 */
export async function tellLostCard(
  tx: Queryable,
  ctx: Context,
  { isOverageBlocked, ...card }: LostCard,
  number: number,
): Promise<void> {
  const { id } = ctx.organization;
  const [facts] = await tx.query<LostCardFacts>(findLostCardFacts(id));
  if (facts === undefined) return;
  if (facts.charged_at === null && !facts.overage_mailed && !isOverageBlocked) return;
  await announce(tx, ctx, {
    topic: 'payment_method.removed',
    dedupeKey: `payment_method.removed:${id}:${number}`,
    payload: { ...card, ...facts, overage_blocked: isOverageBlocked },
  });
}

function shownOf(card: KeptSubscription['payment_method']) {
  return card === null ? null : { brand: card.brand, last4: card.last4 };
}

/** The card was removed, here or at the provider: what was to be charged to it blocks instead. */
async function blockOverage(tx: Queryable, ctx: Context): Promise<boolean> {
  const statement = blockOverageWithoutCard(ctx.organization.id, ctx.clock.now());
  const [blocked] = await changeLimits(tx, ctx, () => tx.query(statement));
  if (blocked === undefined) return false;
  await recordBillingEvent(tx, ctx, {
    type: 'billing.updated',
    summary: 'Conversions past the limit are refused: there is no card to charge them to',
    data: { before: { overage_policy: 'charge' }, after: { overage_policy: 'block' } },
  });
  return true;
}

/** All we ever keep of a card. */
export function cardOf(method: Stripe.PaymentMethod | null) {
  if (method?.card === undefined) return null;
  const { brand, last4, exp_month, exp_year } = method.card;
  return { brand, last4, exp_month, exp_year };
}
