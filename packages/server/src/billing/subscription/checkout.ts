import type { Context } from '../../context.ts';
import { ensurePrice } from '../catalogue.ts';
import { ensureCustomer } from '../customer.ts';
import type { BillingDeps } from '../deps.ts';
import { returnUrls } from '../return-urls.ts';
import { askStripe, type Stripe } from '../stripe.ts';
import type { Target } from './decide-change.ts';

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
    const price = await ensurePrice(deps, {
      planId: target.planId,
      version: target.planVersion,
      currency: target.currency,
      interval: target.interval,
    });
    const urls = returnUrls(deps, returnUrl);
    const trialDays = await trialDaysOf(deps, customer, target);
    const wanted = { customer, price, trialDays, urls };
    const open = await listOpen(deps, customer);
    const same = open.find((session) => isSame(session, wanted));
    await expireAll(
      deps,
      open.filter((session) => session !== same),
    );
    const { url } = same ?? (await create(deps, ctx, wanted));
    if (url === null) throw new Error('a Checkout session without a URL');
    return url;
  });
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

async function listOpen(deps: BillingDeps, customer: string): Promise<Stripe.Checkout.Session[]> {
  const sessions = await deps.stripe.checkout.sessions
    .list({ customer, status: 'open', limit: 100 })
    .autoPagingToArray({ limit: 100 });
  return sessions.filter((session) => session.mode === 'subscription');
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
  sessions: readonly Stripe.Checkout.Session[],
): Promise<void> {
  for (const session of sessions) {
    // Finished or expired meanwhile: then there is nothing to expire.
    await deps.stripe.checkout.sessions.expire(session.id).catch(() => undefined);
  }
}

async function create(
  deps: BillingDeps,
  ctx: Context,
  wanted: Wanted,
): Promise<Stripe.Checkout.Session> {
  const { customer, price, trialDays, urls } = wanted;
  const organization = { organization_id: ctx.organization.id };
  return deps.stripe.checkout.sessions.create({
    mode: 'subscription',
    customer,
    line_items: [{ price, quantity: 1 }],
    // Also where nothing is due today: overage is charged later.
    payment_method_collection: 'always',
    ...urls,
    metadata: { ...organization, price, trial_days: String(trialDays ?? 0) },
    subscription_data: {
      metadata: organization,
      billing_mode: { type: 'flexible' },
      ...(trialDays === null ? {} : { trial_period_days: trialDays }),
    },
  });
}
