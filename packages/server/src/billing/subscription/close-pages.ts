import type { Context } from '../../context.ts';
import { findCustomerId } from '../customer/sql.ts';
import type { BillingDeps } from '../deps.ts';
import { askStripe } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';
import { closeCheckouts } from './checkout.ts';

/**
 * For the end of a workspace: a page that is open could still subscribe it, and one that was just paid
 * has.
 *
 * @throws AppError `conflict` where one has; `overloaded` while the provider is away
 */
export async function closePages(deps: BillingDeps, ctx: Context): Promise<void> {
  const { id } = ctx.organization;
  const [found] = await ctx.db.query<{ stripe_customer_id: string | null }>(findCustomerId(id));
  const customer = found?.stripe_customer_id ?? null;
  if (customer === null) return;
  await askStripe(async () => {
    await closeCheckouts(deps, ctx, customer);
    await syncOrganization(deps, id);
  });
}
