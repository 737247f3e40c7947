import { appendAudit } from '../audit/audit.ts';
import { cancelSubscription } from '../billing/subscription/cancel.ts';
import { closePages } from '../billing/subscription/close-pages.ts';
import type { Context } from '../context.ts';
import { invalidRequest } from '../http/validation.ts';
import { newId } from '../ids.ts';
import { requireGrant } from '../organizations/grants.ts';
import { findOrganization, lockOrganization } from '../organizations/organizations.ts';
import { findSubscription } from '../subscriptions/subscriptions.ts';
import type { DataRightsDeps } from './deps.ts';
import { deleteOrganization } from './sql.ts';

/**
 * Deletes the workspace for good. Its subscription ends now, what was converted past the limit is
 * still billed; members, keys, invitations and webhooks are gone at once, files and whatever people
 * wrote within minutes (erase.ts). Invoices, usage and billing events stay for the books.
 *
 * @param confirmed the workspace's name, as the person typed it
 * @throws AppError `forbidden` for all but an owner and the super admin, API keys too;
 *   `invalid_request` for another name; `conflict` where a page was paid at this moment;
 *   `overloaded` while the provider is away
 */
export async function deleteWorkspace(
  deps: DataRightsDeps,
  ctx: Context,
  confirmed: string,
): Promise<{ id: string; object: 'workspace'; deleted: true }> {
  requireGrant(ctx, 'owner');
  const { id } = ctx.organization;
  const { name } = await findOrganization(ctx);
  if (confirmed !== name) {
    throw invalidRequest([
      { pointer: '/body/name', detail: "must be the workspace's name, to confirm it" },
    ]);
  }
  await endSubscription(deps, ctx);
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    await tx.query(deleteOrganization(id, ctx.clock.now()));
    await appendAudit(tx, ctx, {
      action: 'workspace.deleted',
      target: { kind: 'workspace', id },
      before: null,
      after: null,
    });
  });
  return { id, object: 'workspace', deleted: true };
}

/** Before anything is deleted: where it fails all is as it was. */
async function endSubscription({ billing }: DataRightsDeps, ctx: Context): Promise<void> {
  if (billing !== null) await closePages(billing, ctx);
  const subscription = await findSubscription(ctx);
  const isPaid = subscription.stripe_subscription_id !== null;
  if (billing === null || !isPaid || subscription.status === 'cancelled') return;
  // Ending at once is the operator's word elsewhere, since money is at stake: here nothing is paid back.
  const asSystem: Context = { ...ctx, actor: { kind: 'system', id: 'deletion' } };
  const changeId = newId('chg', ctx.clock.now().getTime());
  await cancelSubscription(billing, asSystem, { when: 'now', settlement: 'none' }, changeId);
}
