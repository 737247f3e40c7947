import { Stripe } from 'stripe';
import { startSimulator, type Simulator, type SimulatorOptions } from '../simulator.ts';

/** A simulator on a port of its own, and the official client, unmodified, pointed at it. */
export interface Simulated {
  readonly simulator: Simulator;
  readonly stripe: Stripe;
  /** A monthly price for a product of its own. */
  price(amount: number, options?: PriceOptions): Promise<Stripe.Price>;
  /** A customer whose default card is one of the test cards. */
  customer(card?: string): Promise<Stripe.Customer>;
  /** A customer of its own who has bought a monthly plan at so much. */
  subscribe(amount?: number, options?: { card?: string; currency?: string }): Promise<Subscribed>;
  stop(): Promise<void>;
}

export interface Subscribed {
  readonly customer: string;
  readonly id: string;
  readonly item: string;
  readonly price: string;
  /** Of the first period. */
  readonly start: number;
  readonly end: number;
  readonly invoice: string;
}

interface PriceOptions {
  currency?: string;
  interval?: 'day' | 'month' | 'week' | 'year';
  currency_options?: Record<string, { unit_amount: number }>;
}

/** Noon on 1 June 2027 UTC, where tests begin that do not care. */
export const start = at('2027-06-01T12:00:00Z');

/** RFC 3339 as unix seconds. */
export function at(time: string): number {
  return Date.parse(time) / 1000;
}

export async function simulate(options: SimulatorOptions = {}): Promise<Simulated> {
  const simulator = await startSimulator({
    heldAt: start,
    log: (line) => console.warn(line),
    ...options,
  });
  const stripe = clientOf(simulator);
  const price: Simulated['price'] = (amount, terms = {}) => makePrice(stripe, amount, terms);
  const customer = (card = 'pm_card_visa') =>
    stripe.customers.create({
      email: 'ann@example.test',
      payment_method: card,
      invoice_settings: { default_payment_method: card },
    });
  return {
    simulator,
    stripe,
    price,
    customer,
    subscribe: async (amount = 1000, { card, currency = 'usd' } = {}) =>
      buy(stripe, await customer(card), await price(amount, { currency })),
    stop: () => simulator.stop(),
  };
}

function makePrice(
  stripe: Stripe,
  amount: number,
  { currency = 'usd', interval = 'month', ...more }: PriceOptions,
): Promise<Stripe.Price> {
  return stripe.prices.create({
    currency,
    unit_amount: amount,
    recurring: { interval },
    product_data: { name: `Plan at ${amount}` },
    ...more,
  });
}

async function buy(
  stripe: Stripe,
  { id: customer }: Stripe.Customer,
  { id: price }: Stripe.Price,
): Promise<Subscribed> {
  const subscription = await stripe.subscriptions.create({ customer, items: [{ price }] });
  const [item] = subscription.items.data;
  return {
    customer,
    id: subscription.id,
    item: idOf(item),
    price,
    start: item?.current_period_start ?? 0,
    end: item?.current_period_end ?? 0,
    invoice: idOf(subscription.latest_invoice),
  };
}

export function clientOf(simulator: Simulator, options: Stripe.StripeConfig = {}): Stripe {
  return new Stripe('sk_test_simulated', {
    host: simulator.host,
    port: simulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    ...options,
  });
}

export function idOf(value: string | { id: string } | null | undefined): string {
  if (value === null || value === undefined) throw new Error('there is no id');
  return typeof value === 'string' ? value : value.id;
}
