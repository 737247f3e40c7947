import type { Context } from '../../context.ts';
import { askStripe } from '../provider/stripe.ts';
import type { BillingDeps } from '../deps.ts';
import { requireLive } from './changes.ts';
import { findPresent } from './present.ts';
import { findRefunds, findRest } from './refund.ts';
import type { EndPreview } from './schema.ts';
import { findAccruedOverage } from './sql.ts';

/**
 * What becomes of the money if the subscription is ended now, by the provider's own reckoning to the
 * second: less is left with each second that passes. Nothing is changed.
 *
 * @throws AppError `conflict` where nothing is paid for; `not_found`, `overloaded`
 */
export async function previewEnd(deps: BillingDeps, ctx: Context): Promise<EndPreview> {
  const asOf = ctx.clock.now();
  const { kept, live } = await askStripe(() => findPresent(deps, ctx));
  const present = requireLive(kept, live);
  const [accrued] = await ctx.db.query<{ amount: number }>(
    findAccruedOverage(ctx.organization.id, asOf),
  );
  const isPaid = present.status !== 'past_due' && present.status !== 'unpaid';
  const [rest, refunds] = isPaid
    ? await askStripe(async () => {
        const left = await findRest(deps, present);
        return [left, await findRefunds(deps, present, left)] as const;
      })
    : [0, []];
  const sum = (member: 'refund_minor' | 'credit_minor') =>
    refunds.reduce((total, refund) => total + refund[member], 0);
  return {
    object: 'end_preview',
    workspace_id: ctx.organization.id,
    as_of: asOf.toISOString(),
    currency: present.currency,
    refund: isPaid
      ? { to_card_minor: sum('refund_minor'), to_balance_minor: sum('credit_minor') }
      : null,
    credit: isPaid ? { to_balance_minor: Math.max(0, rest) } : null,
    overage_minor: accrued?.amount ?? 0,
  };
}
