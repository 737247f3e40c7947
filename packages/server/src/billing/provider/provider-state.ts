import type { BillingDeps } from '../deps.ts';
import { idOf, type Stripe } from './stripe.ts';

/** All that the provider knows of a customer, as of one fetch. */
export interface ProviderState {
  /** Null: the customer was deleted there. */
  readonly customer: Stripe.Customer | null;
  /** The one that counts: what is alive before what has ended, then the newest. */
  readonly subscription: Stripe.Subscription | null;
  /** Others that are charged as well, by id: there should be none. */
  readonly extraSubscriptionIds: readonly string[];
  readonly schedule: Stripe.SubscriptionSchedule | null;
  /** What renewals are charged to. */
  readonly paymentMethod: Stripe.PaymentMethod | null;
  /** Newest first, each with all of its lines. */
  readonly invoices: readonly Stripe.Invoice[];
}

const pageSize = 100;

/** Asks for everything about a customer; never inside a transaction. */
export async function fetchProviderState(
  deps: BillingDeps,
  customerId: string,
): Promise<ProviderState> {
  const { stripe } = deps;
  const [customer, subscriptions, invoices] = await Promise.all([
    stripe.customers.retrieve(customerId, { expand: ['invoice_settings.default_payment_method'] }),
    stripe.subscriptions
      .list({
        customer: customerId,
        status: 'all',
        limit: pageSize,
        expand: ['data.default_payment_method', 'data.schedule'],
      })
      .autoPagingToArray({ limit: 1000 }),
    stripe.invoices
      .list({ customer: customerId, limit: pageSize })
      .autoPagingToArray({ limit: 10_000 }),
  ]);
  if (customer.deleted) return nothing;
  const subscription = pickSubscription(subscriptions);
  const schedule = subscription?.schedule ?? null;
  return {
    customer,
    subscription,
    extraSubscriptionIds: listExtra(subscriptions, subscription),
    schedule: typeof schedule === 'string' ? null : schedule,
    paymentMethod: pickPaymentMethod(customer, subscription),
    invoices: await Promise.all(invoices.map((invoice) => complete(deps, invoice))),
  };
}

const nothing: ProviderState = {
  customer: null,
  subscription: null,
  extraSubscriptionIds: [],
  schedule: null,
  paymentMethod: null,
  invoices: [],
};

const charged = 3;

/** How much a status is worth keeping to; two live subscriptions are a mistake that may happen. */
const ranks: Partial<Record<Stripe.Subscription.Status, number>> = {
  incomplete_expired: 0,
  canceled: 0,
  incomplete: 1,
  paused: 2,
};

function rankOf({ status }: Stripe.Subscription): number {
  return ranks[status] ?? charged;
}

function pickSubscription(
  subscriptions: readonly Stripe.Subscription[],
): Stripe.Subscription | null {
  const [best] = subscriptions.toSorted(
    (left, right) => rankOf(right) - rankOf(left) || right.created - left.created,
  );
  return best ?? null;
}

function listExtra(
  subscriptions: readonly Stripe.Subscription[],
  counted: Stripe.Subscription | null,
): string[] {
  const others = subscriptions.filter((one) => rankOf(one) === charged && one.id !== counted?.id);
  return others.map(({ id }) => id).toSorted();
}

/** The subscription's own card comes before the customer's; one that was detached is nobody's. */
function pickPaymentMethod(
  customer: Stripe.Customer,
  subscription: Stripe.Subscription | null,
): Stripe.PaymentMethod | null {
  const isOver = subscription === null || rankOf(subscription) === 0;
  const own = isOver ? null : subscription.default_payment_method;
  const both = [own, customer.invoice_settings.default_payment_method];
  const attached = both.filter((method) => method !== null && typeof method !== 'string');
  return attached.find((method) => method.customer !== null) ?? null;
}

/** What an open one's payment waits for is told only where it is asked for. */
async function complete(deps: BillingDeps, invoice: Stripe.Invoice): Promise<Stripe.Invoice> {
  const isWaiting = invoice.status === 'open' && invoice.attempted;
  const whole = isWaiting
    ? await deps.stripe.invoices.retrieve(invoice.id, {
        expand: ['payments.data.payment.payment_intent'],
      })
    : invoice;
  return withAllLines(deps, whole);
}

/** An invoice comes with its first ten lines. */
async function withAllLines(deps: BillingDeps, invoice: Stripe.Invoice): Promise<Stripe.Invoice> {
  if (!invoice.lines.has_more) return invoice;
  const data = await deps.stripe.invoices
    .listLineItems(invoice.id, { limit: pageSize })
    .autoPagingToArray({ limit: 10_000 });
  return { ...invoice, lines: { ...invoice.lines, data, has_more: false } };
}

/** The subscription an invoice is for; null: it is for none. */
export function subscriptionIdOf(invoice: Stripe.Invoice): string | null {
  return idOf(invoice.parent?.subscription_details?.subscription);
}
