import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import { requireOperator } from '../../organizations/organizations.ts';
import type { Subscription } from '../../subscriptions/schema.ts';
import { findSubscription } from '../../subscriptions/subscriptions.ts';
import type { BillingDeps } from '../deps.ts';
import { askStripe } from '../provider/stripe.ts';
import { beginChange, completeChange, findBegun, requireLive, rowOfPresent } from './changes.ts';
import { findPresent, isCancelling, type LiveSubscription, type Present } from './present.ts';
import { findRefunds, findRest } from './refund.ts';
import type { CancelSubscription } from './schema.ts';
import { type ChangeRow, findUnfinishedEnd, type KeptPlan } from './sql.ts';

/**
 * Ends the subscription: at the end of what is paid, until when it can be resumed; or, for the
 * operator alone, now, who says what becomes of the time that is left.
 *
 * @throws AppError `conflict` where nothing is paid for or it is to end already; `forbidden`,
 *   `invalid_request`, `overloaded`
 */
export async function cancelSubscription(
  deps: BillingDeps,
  ctx: Context,
  input: CancelSubscription,
  changeId: string,
): Promise<Subscription> {
  if (input.when === 'now') requireOperator(ctx);
  const wrong = settlementMistake(input);
  if (wrong !== null) throw invalidRequest([{ pointer: '/query/settlement', detail: wrong }]);
  return makeChange(
    deps,
    ctx,
    changeId,
    async (present) => {
      const live = requireLive(present.kept, present.live);
      if (input.when === 'period_end') {
        if (isCancelling(live)) {
          throw new AppError('conflict', 'The subscription ends with its period already.');
        }
        return rowOfPresent(changeId, 'cancel', present.kept);
      }
      return rowOfEnd(deps, { kept: present.kept, live }, changeId, input.settlement ?? 'none');
    },
    input.settlement,
  );
}

async function rowOfEnd(
  deps: BillingDeps,
  { kept, live }: { kept: KeptPlan; live: LiveSubscription },
  changeId: string,
  settlement: string,
): Promise<ChangeRow> {
  if (settlement !== 'none' && (live.status === 'past_due' || live.status === 'unpaid')) {
    const message = 'The period is not paid, so nothing is left of it: use settlement=none.';
    throw new AppError('conflict', message);
  }
  const refunds =
    settlement === 'refund'
      ? await askStripe(async () => findRefunds(deps, live, await findRest(deps, live)))
      : [];
  return rowOfPresent(changeId, 'end', kept, { settlement, refunds, subscription: live.id });
}

/** An end that was begun and not seen through is gone on with, or it would be paid back twice. */
async function findBegunEnd(
  deps: BillingDeps,
  ctx: Context,
  { kept }: Present,
  settlement: string | undefined,
): Promise<ChangeRow | null> {
  const subscription = kept.stripe_subscription_id;
  if (settlement === undefined || subscription === null) return null;
  const statement = findUnfinishedEnd(ctx.organization.id, subscription);
  const [row] = await deps.db.query<ChangeRow>(statement);
  if (row === undefined || row.detail['settlement'] === settlement) return row ?? null;
  if (row.detail['settlement'] !== 'refund') return null;
  const message = 'It is being ended with a refund already: repeat it with settlement=refund.';
  throw new AppError('conflict', message);
}

function settlementMistake({ when, settlement }: CancelSubscription): string | null {
  if (when === 'now' && settlement === undefined) {
    return 'is required with when=now: "refund", "credit" or "none"';
  }
  return when === 'period_end' && settlement !== undefined ? 'is for when=now' : null;
}

/**
 * Takes a cancellation back before it took effect.
 *
 * @throws AppError `conflict` where none is to come
 */
export async function resumeSubscription(
  deps: BillingDeps,
  ctx: Context,
  changeId: string,
): Promise<Subscription> {
  return makeChange(deps, ctx, changeId, async ({ kept, live }) => {
    if (!isCancelling(requireLive(kept, live))) {
      const message = 'The subscription is not to end: there is nothing to resume.';
      throw new AppError('conflict', message);
    }
    return rowOfPresent(changeId, 'resume', kept);
  });
}

/** Begins what `decide` says, unless an earlier try has, and sees it through. */
async function makeChange(
  deps: BillingDeps,
  ctx: Context,
  changeId: string,
  decide: (present: Present) => Promise<ChangeRow>,
  settlement?: string,
): Promise<Subscription> {
  let change = await findBegun(deps, ctx, changeId);
  if (change === null) {
    const present = await askStripe(() => findPresent(deps, ctx));
    change = await findBegunEnd(deps, ctx, present, settlement);
    if (change === null) {
      change = await decide(present);
      await beginChange(ctx, change);
    }
  }
  await completeChange(deps, ctx, change);
  return findSubscription(ctx);
}
