import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { findOrganization } from '../../organizations/organizations.ts';
import { findCustomerId, keepCustomerId } from './sql.ts';
import type { BillingDeps } from '../deps.ts';
import { askStripe } from '../provider/stripe.ts';

/**
 * The workspace's customer at the provider, made where there is none yet. Any number of processes
 * may ask at once, and one that ends in between leaves nothing double: the workspace's id is the key.
 *
 * @returns the provider's id, which never goes onto our wire
 * @throws AppError `not_found`, `overloaded`
 */
export async function ensureCustomer(deps: BillingDeps, ctx: Context): Promise<string> {
  const { id } = ctx.organization;
  const { stripe_customer_id: kept, billing_sync_number: sync } = await findKept(deps, id);
  if (kept !== null) return kept;
  await deps.verifyAccount();
  const { name, billing_email: email } = await findOrganization(ctx);
  const { customers } = deps.stripe;
  const customer = await askStripe(async () => {
    // Nothing that can change stands beside the key: a repeat must be the very same request. The
    // number is another one only where an earlier customer was deleted there.
    const made = await customers.create(
      { metadata: { organization_id: id } },
      { idempotencyKey: `customer ${id} ${sync}` },
    );
    return customers.update(made.id, { name, ...(email === null ? {} : { email }) });
  });
  await deps.db.query(keepCustomerId(id, customer.id));
  return (await findKept(deps, id)).stripe_customer_id ?? customer.id;
}

interface KeptCustomer {
  readonly stripe_customer_id: string | null;
  readonly billing_sync_number: number;
}

async function findKept(deps: BillingDeps, organizationId: string): Promise<KeptCustomer> {
  const [row] = await deps.db.query<KeptCustomer>(findCustomerId(organizationId));
  if (row === undefined) throw notFound('workspace');
  return row;
}
