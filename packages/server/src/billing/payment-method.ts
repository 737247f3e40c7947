import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import { recordBillingEvent } from '../organizations/billing-events.ts';
import { lockOrganization } from '../organizations/organizations.ts';
import { ensureCustomer } from './customer.ts';
import type { BillingDeps } from './deps.ts';
import { findPaymentSituation, type PaymentSituation } from './payment-sql.ts';
import { pathOfReturn, returnUrls } from './return-urls.ts';
import { askStripe, idOf, isCardRefused, isMissing, type Stripe } from './stripe.ts';
import { syncOrganization } from './sync.ts';

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
  const situation = await findSituation(deps, ctx);
  const { url } = await askStripe(async () => {
    const customer = await ensureCustomer(deps, ctx);
    const metadata = { organization_id: ctx.organization.id };
    return deps.stripe.checkout.sessions.create({
      mode: 'setup',
      customer,
      // Which ways to pay are offered follows from it.
      currency: situation.currency,
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

/**
 * Makes the card of the newest finished page the one that everything is charged to: the
 * subscription's and the customer's. What is overdue is charged to it at once. A repeat changes
 * nothing, and an older page's news does not bring an older card back.
 */
export async function adoptCard(deps: BillingDeps, customerId: string): Promise<void> {
  const card = await findNewestCard(deps, customerId);
  if (card === null) return;
  const key = (what: string) => ({ idempotencyKey: `${card.sessionId} ${what}` });
  const { stripe } = deps;
  await stripe.customers.update(
    customerId,
    { invoice_settings: { default_payment_method: card.methodId } },
    key('customer'),
  );
  const { data } = await stripe.subscriptions.list({ customer: customerId, limit: 10 });
  for (const { id, status } of data) {
    await stripe.subscriptions.update(
      id,
      { default_payment_method: card.methodId },
      key(`subscription ${id}`),
    );
    if (status === 'past_due' || status === 'unpaid') await payOverdue(deps, id, card.sessionId);
  }
}

async function findNewestCard(
  deps: BillingDeps,
  customer: string,
): Promise<{ sessionId: string; methodId: string } | null> {
  const { data } = await deps.stripe.checkout.sessions.list({
    customer,
    status: 'complete',
    limit: 20,
    expand: ['data.setup_intent'],
  });
  const [session] = data.filter(({ mode }) => mode === 'setup');
  const intent = session?.setup_intent;
  if (session === undefined || typeof intent !== 'object' || intent === null) return null;
  const methodId = idOf(intent.payment_method);
  return methodId === null ? null : { sessionId: session.id, methodId };
}

async function payOverdue(
  deps: BillingDeps,
  subscription: string,
  sessionId: string,
): Promise<void> {
  const { data } = await deps.stripe.invoices.list({ subscription, status: 'open', limit: 10 });
  for (const invoice of data) {
    const options = { idempotencyKey: `${sessionId} pay ${invoice.id}` };
    await deps.stripe.invoices.pay(invoice.id, {}, options).catch((error: unknown) => {
      // Declined again: the provider goes on trying, and says so by itself.
      if (!isCardRefused(error)) throw error;
    });
  }
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
  const session = await findSession(deps, sessionId);
  const organizationId = session?.metadata?.['organization_id'];
  const customerId = idOf(session?.customer);
  if (session === null || organizationId === undefined || customerId === null) return path;
  if (session.mode === 'setup' && session.status === 'complete') {
    await adoptCard(deps, customerId);
  }
  await syncOrganization(deps, organizationId);
  return path;
}

async function findSession(
  deps: BillingDeps,
  sessionId: string,
): Promise<Stripe.Checkout.Session | null> {
  return deps.stripe.checkout.sessions.retrieve(sessionId).catch((error: unknown) => {
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
  const situation = await findSituation(deps, ctx);
  const { stripe_payment_method_id: methodId } = situation;
  if (methodId === null) throw notFound('payment method');
  requireUnneeded(situation);
  await askStripe(() =>
    deps.stripe.paymentMethods.detach(methodId).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    }),
  );
  await askStripe(() => syncOrganization(deps, id));
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const { brand, last4 } = situation.payment_method ?? { brand: 'card', last4: '' };
    await recordBillingEvent(tx, ctx, {
      type: 'payment_method.removed',
      summary: `Removed the ${brand} card that ends in ${last4}`,
      data: { brand, last4 },
    });
    await appendAudit(tx, ctx, {
      action: 'payment_method.removed',
      target: { kind: 'workspace', id },
      before: { brand, last4 },
      after: null,
    });
  });
}

async function findSituation(deps: BillingDeps, ctx: Context): Promise<PaymentSituation> {
  const statement = findPaymentSituation(ctx.organization.id);
  const [situation] = await deps.db.query<PaymentSituation>(statement);
  if (situation === undefined) throw notFound('workspace');
  return situation;
}

function requireUnneeded(situation: PaymentSituation): void {
  if (situation.stripe_subscription_id !== null) {
    const message =
      'The subscription is charged to this card: cancel it first, or change the card.';
    throw new AppError('conflict', message);
  }
  if (situation.overage_policy === 'charge' && !situation.overage_charge_allowed) {
    const message = 'Overage is charged to this card: set overage_policy to "block" first.';
    throw new AppError('conflict', message);
  }
}
