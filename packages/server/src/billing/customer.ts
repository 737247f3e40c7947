import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { findOrganization } from '../organizations/organizations.ts';
import { findCustomerId, keepCustomerId } from './customer-sql.ts';
import type { BillingDeps } from './deps.ts';
import { askStripe } from './stripe.ts';

/**
 * The workspace's customer at the provider, made where there is none yet. Any number of processes
 * may ask at once, and one that ends in between leaves nothing double: the workspace's id is the key.
 *
 * @returns the provider's id, which never goes onto our wire
 * @throws AppError `not_found`, `overloaded`
 */
export async function ensureCustomer(deps: BillingDeps, ctx: Context): Promise<string> {
  const { id } = ctx.organization;
  const kept = await findKept(deps, id);
  if (kept !== null) return kept;
  await deps.verifyAccount();
  const { name, billing_email: email } = await findOrganization(ctx);
  const { customers } = deps.stripe;
  const customer = await askStripe(async () => {
    // Nothing that can change stands beside the key: a repeat must be the very same request.
    const made = await customers.create(
      { metadata: { organization_id: id } },
      { idempotencyKey: `customer ${id}` },
    );
    return customers.update(made.id, { name, ...(email === null ? {} : { email }) });
  });
  await deps.db.query(keepCustomerId(id, customer.id));
  return (await findKept(deps, id)) ?? customer.id;
}

async function findKept(deps: BillingDeps, organizationId: string): Promise<string | null> {
  const statement = findCustomerId(organizationId);
  const [row] = await deps.db.query<{ stripe_customer_id: string | null }>(statement);
  if (row === undefined) throw notFound('workspace');
  return row.stripe_customer_id;
}
