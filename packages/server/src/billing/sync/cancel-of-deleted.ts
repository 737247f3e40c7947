import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import { type BillingDeps, systemContext } from '../deps.ts';
import { dateOf, isMissing, type Stripe } from '../provider/stripe.ts';
import { findAuditOf, findDeleted } from './sql.ts';

/** A page may be open for so long when its workspace is deleted, and be paid all the same. */
const pageMs = 3_600_000;

/**
 * Subscribed on a page that was paid while the workspace was being deleted: nobody is there to use it.
 * What was paid is given back before it is cancelled, so that a crash in between leaves it to be done.
 */
export async function cancelOfDeleted(
  deps: BillingDeps,
  organizationId: string,
  fetched: Stripe.Subscription | null,
): Promise<void> {
  if (fetched === null || hasEnded(fetched)) return;
  const [deleted] = await deps.db.query<{ deleted_at: string }>(findDeleted(organizationId));
  if (deleted === undefined) return;
  // What the deletion itself has ended since it was fetched is not given back.
  const subscription = await deps.stripe.subscriptions.retrieve(fetched.id);
  if (hasEnded(subscription)) return;
  const fields = { organizationId, subscription: subscription.id };
  deps.log.warn(fields, 'a deleted workspace was subscribed: its subscription is cancelled');
  const createdMs = dateOf(subscription.created).getTime();
  if (createdMs >= Date.parse(deleted.deleted_at) - pageMs) {
    await payBack(deps, organizationId, subscription.id);
  }
  try {
    await deps.stripe.subscriptions.cancel(subscription.id);
  } catch (error) {
    // Another process was faster.
    if (!isMissing(error)) throw error;
  }
}

function hasEnded({ status }: Stripe.Subscription): boolean {
  return status === 'canceled' || status === 'incomplete_expired';
}

/** All that was paid for it, once: to the card what came from it, the rest to the balance. */
async function payBack(
  deps: BillingDeps,
  organizationId: string,
  subscription: string,
): Promise<void> {
  const list = deps.stripe.invoices.list({ subscription, status: 'paid', limit: 100 });
  for (const invoice of await list.autoPagingToArray({ limit: 1_000 })) {
    const back = invoice.post_payment_credit_notes_amount;
    const amount = invoice.total - invoice.pre_payment_credit_notes_amount - back;
    if (amount <= 0) continue;
    const byCard = Math.min(amount, Math.max(0, invoice.amount_paid - back));
    await deps.stripe.creditNotes.create(
      {
        invoice: invoice.id,
        amount,
        refund_amount: byCard,
        credit_amount: amount - byCard,
        reason: 'order_change',
        metadata: { subscription },
      },
      { idempotencyKey: `deleted ${subscription} ${invoice.id}` },
    );
    await tell(systemContext(deps, organizationId), invoice.id, {
      subscription,
      currency: invoice.currency,
      to_card_minor: byCard,
      to_balance_minor: amount - byCard,
    });
  }
}

const action = 'subscription.of_deleted_paid_back';

/** Once: two who look at the same moment both get the one note. */
async function tell(ctx: Context, invoice: string, after: object): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const told = await tx.query(findAuditOf(ctx.organization.id, action, invoice));
    if (told.length > 0) return;
    await appendAudit(tx, ctx, {
      action,
      target: { kind: 'invoice', id: invoice },
      before: null,
      after,
    });
  });
}
