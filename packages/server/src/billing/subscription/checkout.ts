import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { ensurePrice } from '../catalogue/catalogue.ts';
import { ensureCustomer } from '../customer/customer.ts';
import type { BillingDeps } from '../deps.ts';
import { returnUrls } from '../payment/return-urls.ts';
import { askStripe, isKeyTaken, type Stripe } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';
import { otherCurrency, type Target } from './decide-change.ts';

/**
 * The hosted page that takes the card and starts the subscription. One is open at a time: two that
 * are both finished would be two subscriptions.
 *
 * @returns its URL
 */
export async function openCheckout(
  deps: BillingDeps,
  ctx: Context,
  target: Target,
  returnUrl: string | undefined,
): Promise<string> {
  return askStripe(async () => {
    const customer = await ensureCustomer(deps, ctx);
    await requireCurrency(deps, ctx, customer, target.currency);
    const price = await ensurePrice(deps, {
      planId: target.planId,
      version: target.planVersion,
      currency: target.currency,
      interval: target.interval,
    });
    const urls = returnUrls(deps, returnUrl);
    const trialDays = await trialDaysOf(deps, customer, target);
    const wanted = { customer, price, trialDays, urls };
    const { open, newest } = await listSessions(deps, customer);
    const same = open.find((session) => isSame(session, wanted));
    await expireAll(
      deps,
      ctx,
      open.filter((session) => session !== same),
    );
    const { url } = same ?? (await create(deps, ctx, wanted, `after ${newest ?? customer}`));
    if (url === null) throw new Error('a Checkout session without a URL');
    return url;
  });
}

/**
 * A customer has one currency at the provider for good, also where we have not heard of what fixed
 * it (https://docs.stripe.com/api/customers/object#customer_object-currency).
 */
async function requireCurrency(
  deps: BillingDeps,
  ctx: Context,
  customerId: string,
  wanted: string,
): Promise<void> {
  const customer = await deps.stripe.customers.retrieve(customerId);
  const fixed = customer.deleted === true ? null : (customer.currency ?? null);
  if (fixed === null || fixed === wanted) return;
  await syncOrganization(deps, ctx.organization.id);
  throw otherCurrency(fixed);
}

interface Wanted {
  readonly customer: string;
  readonly price: string;
  readonly trialDays: number | null;
  readonly urls: { readonly success_url: string; readonly cancel_url: string };
}

/** A trial is for a first subscription: who had one, whatever became of it, pays at once. */
export async function trialDaysOf(
  deps: BillingDeps,
  customer: string | null,
  target: Target,
): Promise<number | null> {
  if (target.trialDays === null || customer === null) return target.trialDays;
  const { data } = await deps.stripe.subscriptions.list({ customer, status: 'all', limit: 1 });
  return data.length === 0 ? target.trialDays : null;
}

/** Closes the pages that would each start a subscription. @throws AppError `conflict`: one has */
export async function closeCheckouts(
  deps: BillingDeps,
  ctx: Context,
  customer: string,
): Promise<void> {
  await expireAll(deps, ctx, (await listSessions(deps, customer)).open);
}

interface Sessions {
  readonly open: readonly Stripe.Checkout.Session[];
  /** Of whatever kind; null: it is the first. */
  readonly newest: string | null;
}

/** One is open for a day at most, so those of the newest page are all. */
async function listSessions(deps: BillingDeps, customer: string): Promise<Sessions> {
  const { data } = await deps.stripe.checkout.sessions.list({ customer, limit: 100 });
  const open = data.filter(({ mode, status }) => mode === 'subscription' && status === 'open');
  return { open, newest: data[0]?.id ?? null };
}

function isSame(session: Stripe.Checkout.Session, wanted: Wanted): boolean {
  const { price, trial_days: trialDays } = session.metadata ?? {};
  return (
    price === wanted.price &&
    trialDays === String(wanted.trialDays ?? 0) &&
    session.success_url === wanted.urls.success_url
  );
}

async function expireAll(
  deps: BillingDeps,
  ctx: Context,
  open: readonly Stripe.Checkout.Session[],
): Promise<void> {
  const { sessions } = deps.stripe.checkout;
  for (const { id } of open) {
    try {
      await sessions.expire(id);
    } catch (error) {
      const { status } = await sessions.retrieve(id);
      if (status === 'open') throw error;
      if (status === 'complete') await refuse(deps, ctx);
    }
  }
}

async function refuse(deps: BillingDeps, ctx: Context): Promise<never> {
  await syncOrganization(deps, ctx.organization.id);
  throw new AppError('conflict', 'The workspace has just subscribed: look at its subscription.');
}

/**
 * The key names the newest session there is: who asks at the same moment is given the same page, or
 * refused where it asks for another plan.
 */
async function create(
  deps: BillingDeps,
  ctx: Context,
  wanted: Wanted,
  key: string,
): Promise<Stripe.Checkout.Session> {
  const { customer, price, trialDays, urls } = wanted;
  const organization = { organization_id: ctx.organization.id };
  const params: Stripe.Checkout.SessionCreateParams = {
    mode: 'subscription',
    customer,
    line_items: [{ price, quantity: 1 }],
    // What the workspace is told of, and what overage is charged to, is a card.
    allowed_payment_method_types: ['card'],
    // Also where nothing is due today: overage is charged later.
    payment_method_collection: 'always',
    ...urls,
    metadata: { ...organization, price, trial_days: String(trialDays ?? 0) },
    subscription_data: {
      metadata: organization,
      billing_mode: { type: 'flexible' },
      ...(trialDays === null ? {} : { trial_period_days: trialDays }),
    },
  };
  try {
    return await deps.stripe.checkout.sessions.create(params, {
      idempotencyKey: `checkout ${key}`,
    });
  } catch (error) {
    if (!isKeyTaken(error)) throw error;
    const message = 'Another request opened the page for a plan at the same time. Ask again.';
    throw new AppError('conflict', message, { cause: error });
  }
}
