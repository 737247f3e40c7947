import { appendAudit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Queryable } from '../../db/pool.ts';
import { AppError, notFound } from '../../errors.ts';
import { lockOrganization } from '../../organizations/organizations.ts';
import { ensureCustomer } from '../customer/customer.ts';
import type { BillingDeps } from '../deps.ts';
import { findPaymentSituation, markCardRemoval, type PaymentSituation } from './sql.ts';
import { pathOfReturn, returnUrls } from './return-urls.ts';
import { subscriptionIdOf } from '../provider/provider-state.ts';
import { askStripe, idOf, isMissing, isPaymentRefused } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';

/**
 * A hosted page that takes the workspace's card; no number of a card ever comes here.
 *
 * @returns its URL
 */
export async function openCardPage(
  deps: BillingDeps,
  ctx: Context,
  returnUrl: string | undefined,
): Promise<string> {
  const urls = returnUrls(deps, returnUrl);
  const situation = await findSituation(deps.db, ctx);
  const { url } = await askStripe(async () => {
    const customer = await ensureCustomer(deps, ctx);
    const metadata = { organization_id: ctx.organization.id };
    return deps.stripe.checkout.sessions.create({
      mode: 'setup',
      customer,
      // Asked for in this mode.
      currency: situation.currency,
      allowed_payment_method_types: ['card'],
      ...urls,
      metadata,
      setup_intent_data: { metadata },
    });
  });
  if (url === null) throw new Error('a Checkout session without a URL');
  return url;
}

/** The provider's own pages for invoices and cards. @returns their URL */
export async function openPortal(
  deps: BillingDeps,
  ctx: Context,
  returnUrl: string | undefined,
): Promise<string> {
  const path = pathOfReturn(deps, returnUrl);
  const { url } = await askStripe(async () => {
    const customer = await ensureCustomer(deps, ctx);
    const return_url = `${deps.publicUrl}${path}`;
    return deps.stripe.billingPortal.sessions.create({ customer, return_url });
  });
  return url;
}

/** On the customer: the page whose card was made the default last. */
const adoptedMember = 'adopted_card_page';

/**
 * Makes the card given on a page the one that everything is charged to: the subscription's and the
 * customer's. What is overdue is charged to it at once. Only the newest finished page of any kind
 * counts, and only once: late news of it brings back no card that was replaced or removed since.
 *
 * @returns whether there was anything to adopt
 */
export async function adoptCard(
  deps: BillingDeps,
  customerId: string,
  sessionId: string,
): Promise<boolean> {
  const methodId = await findCardToAdopt(deps, customerId, sessionId);
  if (methodId === null) return false;
  const key = (what: string) => ({ idempotencyKey: `${sessionId} ${what}` });
  const { stripe } = deps;
  // First: an old invoice that cannot be paid must not keep the card from being the one for the next.
  const settings = { invoice_settings: { default_payment_method: methodId } };
  await stripe.customers.update(customerId, settings, key('default'));
  const { data } = await stripe.subscriptions.list({ customer: customerId, limit: 10 });
  for (const { id, status } of data) {
    await stripe.subscriptions.update(
      id,
      { default_payment_method: methodId },
      key(`subscription ${id}`),
    );
    if (status === 'past_due' || status === 'unpaid') {
      const overdue = await stripe.invoices.list({ subscription: id, status: 'open', limit: 10 });
      for (const invoice of overdue.data) await pay(deps, invoice.id, methodId, sessionId);
    }
  }
  for (const id of await listOverdueOwn(deps, customerId)) await pay(deps, id, methodId, sessionId);
  const adopted = { metadata: { [adoptedMember]: sessionId } };
  await stripe.customers.update(customerId, adopted, key('adopted'));
  return true;
}

async function findCardToAdopt(
  deps: BillingDeps,
  customer: string,
  sessionId: string,
): Promise<string | null> {
  const { stripe } = deps;
  const { data } = await stripe.checkout.sessions.list({
    customer,
    status: 'complete',
    limit: 1,
    expand: ['data.setup_intent'],
  });
  const [newest] = data;
  const intent = newest?.setup_intent;
  if (newest?.id !== sessionId || newest.mode !== 'setup') return null;
  const methodId = typeof intent === 'object' ? idOf(intent?.payment_method) : null;
  if (methodId === null) return null;
  const kept = await stripe.customers.retrieve(customer);
  if (kept.deleted || kept.metadata[adoptedMember] === sessionId) return null;
  // Removed since: there is nothing to adopt any more.
  const method = await ifKnown(stripe.paymentMethods.retrieve(methodId));
  return idOf(method?.customer) === customer ? methodId : null;
}

/** Declined invoices of no subscription, as those for overage alone; what is mailed is paid by hand. */
async function listOverdueOwn({ stripe }: BillingDeps, customer: string): Promise<string[]> {
  const { data } = await stripe.invoices.list({
    customer,
    status: 'open',
    collection_method: 'charge_automatically',
    limit: 100,
  });
  const own = data.filter((one) => one.attempted && subscriptionIdOf(one) === null);
  return own.map(({ id }) => id);
}

async function pay(
  deps: BillingDeps,
  id: string,
  methodId: string,
  sessionId: string,
): Promise<void> {
  const options = { idempotencyKey: `${sessionId} pay ${id}` };
  const params = { payment_method: methodId };
  await deps.stripe.invoices.pay(id, params, options).catch(async (error: unknown) => {
    // Declined again, or its holder has to agree: the provider goes on, and says so by itself.
    if (isPaymentRefused(error)) return;
    // Paid, voided or deleted with its customer by somebody else meanwhile.
    if ((await ifKnown(deps.stripe.invoices.retrieve(id)))?.status === 'open') throw error;
  });
}

/**
 * Somebody comes back from a hosted page: what was done there holds before the next page is shown.
 *
 * @returns the path to go on to
 */
export async function returnFromPage(
  deps: BillingDeps,
  sessionId: string,
  to: string | undefined,
): Promise<string> {
  const path = pathOfReturn(deps, to);
  const session = await ifKnown(deps.stripe.checkout.sessions.retrieve(sessionId));
  const organizationId = session?.metadata?.['organization_id'];
  const customerId = idOf(session?.customer);
  if (session === null || organizationId === undefined || customerId === null) return path;
  if (session.mode === 'setup' && session.status === 'complete') {
    await adoptCard(deps, customerId, session.id);
  }
  await syncOrganization(deps, organizationId);
  return path;
}

async function ifKnown<Found>(asked: Promise<Found>): Promise<Found | null> {
  return asked.catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}

/**
 * Removes the card.
 *
 * @throws AppError `not_found` where there is none; `conflict` while something is charged to it
 */
export async function removeCard(deps: BillingDeps, ctx: Context): Promise<void> {
  const { id } = ctx.organization;
  const { methodId, situation } = await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const found = await findSituation(tx, ctx);
    const { stripe_payment_method_id: kept } = found;
    if (kept === null) throw notFound('payment method');
    requireUnneeded(found);
    // Under the lock under which charging is chosen: whoever comes next finds no card.
    await tx.query(markCardRemoval(id, true, ctx.clock.now()));
    return { methodId: kept, situation: found };
  });
  try {
    await askStripe(() =>
      deps.stripe.paymentMethods.detach(methodId).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      }),
    );
  } catch (error) {
    await ctx.db.query(markCardRemoval(id, false, ctx.clock.now()));
    throw error;
  } finally {
    await askStripe(() => syncOrganization(deps, id));
  }
  // The sync has told of it in the billing history; who did it is told here.
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const { brand, last4 } = situation.payment_method ?? { brand: 'card', last4: '' };
    await appendAudit(tx, ctx, {
      action: 'payment_method.removed',
      target: { kind: 'workspace', id },
      before: { brand, last4 },
      after: null,
    });
  });
}

async function findSituation(db: Queryable, ctx: Context): Promise<PaymentSituation> {
  const statement = findPaymentSituation(ctx.organization.id);
  const [situation] = await db.query<PaymentSituation>(statement);
  if (situation === undefined) throw notFound('workspace');
  return situation;
}

function requireUnneeded(situation: PaymentSituation): void {
  if (situation.stripe_subscription_id !== null) {
    const message =
      'The subscription is charged to this card: cancel it first, or change the card.';
    throw new AppError('conflict', message);
  }
  if (situation.owes_overage && !situation.overage_charge_allowed) {
    const message =
      'Conversions past the limit are still to be charged to this card: the invoice follows an hour ' +
      'after their period, or after the subscription has ended.';
    throw new AppError('conflict', message);
  }
  if (situation.overage_policy === 'charge' && !situation.overage_charge_allowed) {
    const message = 'Overage is charged to this card: set overage_policy to "block" first.';
    throw new AppError('conflict', message);
  }
}
