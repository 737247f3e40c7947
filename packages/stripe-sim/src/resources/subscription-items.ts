import type { Cycle } from '../billing/periods.ts';
import { blankObject } from '../contract/blank.ts';
import type { ListOf, Price, Subscription, SubscriptionItem } from '../store/documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { invalidRequest, notPlayed } from '../wire/stripe-error.ts';
import { planOf, unitDecimalIn } from './prices.ts';
import { mergeMetadata, need, type MetadataInput } from './shared.ts';

export interface ItemInput {
  id?: string;
  price?: string;
  quantity?: number;
  metadata?: MetadataInput;
  deleted?: boolean;
}

const itemsMax = 20;
const quantityMax = 1_000_000_000;

/** A recurring price that can be subscribed to in a currency. */
export function needPrice(tx: Transaction, id: string, currency: string, param: string): Price {
  const price = need(tx, 'price', id, param);
  if (!price.active) {
    throw invalidRequest(
      `The price specified is inactive. This field only accepts active prices.`,
      { param },
    );
  }
  if (price.recurring === null) {
    throw invalidRequest(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with ` +
        '`type=recurring`.',
      { param },
    );
  }
  unitDecimalIn(price, currency, param);
  return structuredClone(price);
}

export function makeItem(
  subscriptionId: string,
  price: Price,
  input: ItemInput,
  period: { start: number; end: number },
  now: number,
): SubscriptionItem {
  const quantity = input.quantity ?? 1;
  checkQuantity(quantity);
  return {
    ...blankObject('subscription_item'),
    id: `si_${randomText(14)}`,
    object: 'subscription_item',
    created: now,
    price,
    plan: planOf(price),
    quantity,
    subscription: subscriptionId,
    metadata: mergeMetadata({}, input.metadata),
    current_period_start: period.start,
    current_period_end: period.end,
    tax_rates: [],
    sim_debit: null,
  };
}

export function checkQuantity(quantity: number): void {
  if (quantity >= 0 && quantity <= quantityMax) return;
  throw invalidRequest(`This value must be between 0 and ${quantityMax}.`, {
    code: 'parameter_invalid_integer',
    param: 'quantity',
  });
}

/** All items share one interval: what a mixed cart would need, the simulator does not play. */
export function checkItems(items: readonly SubscriptionItem[]): void {
  if (items.length === 0) {
    throw invalidRequest('A subscription must have at least one active item.', { param: 'items' });
  }
  if (items.length > itemsMax) {
    throw invalidRequest(`A subscription may have ${itemsMax} items at most.`, { param: 'items' });
  }
  const prices = items.map((item) => item.price.id);
  const twice = prices.find((id, index) => prices.indexOf(id) !== index);
  if (twice !== undefined) {
    throw invalidRequest(
      `Cannot add multiple subscription items with the same price: ${twice}. Give the item's id to ` +
        'change it.',
      { param: 'items' },
    );
  }
  const cycles = new Set(
    items.map(({ price }) => `${price.recurring?.interval_count} ${price.recurring?.interval}`),
  );
  if (cycles.size > 1) throw notPlayed('items of different intervals on one subscription', 'items');
}

export function listOfItems(
  subscriptionId: string,
  data: SubscriptionItem[],
): ListOf<SubscriptionItem> {
  const url = `/v1/subscription_items?subscription=${subscriptionId}`;
  return { object: 'list', data, has_more: false, url };
}

/** How often a subscription renews. */
export function cycleOf(items: readonly SubscriptionItem[]): Cycle {
  const recurring = items[0]?.price.recurring;
  if (recurring === null || recurring === undefined) throw new Error('no recurring price');
  return { interval: recurring.interval, interval_count: recurring.interval_count };
}

/** The period all of a subscription's items are in. */
export function periodOf(subscription: Readonly<Subscription>): { start: number; end: number } {
  const { items } = subscription;
  return {
    start: Math.min(...items.data.map((item) => item.current_period_start)),
    end: Math.min(...items.data.map((item) => item.current_period_end)),
  };
}
