import { emit } from '../delivery/emit.ts';
import type { CurrencyOption, Interval, Price, Recurring } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { includable, stored } from '../wire/render.ts';
import { pageParams, route, type Route, words } from '../wire/route.ts';
import { invalidRequest, notPlayed } from '../wire/stripe-error.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface AmountInput {
  unit_amount?: number;
  unit_amount_decimal?: string;
  tax_behavior?: string;
}

interface Input extends AmountInput {
  currency: string;
  active?: boolean;
  product?: string;
  product_data?: { name: string; metadata?: MetadataInput };
  recurring?: {
    interval: Interval;
    interval_count?: number;
    trial_period_days?: number;
    usage_type?: string;
  };
  currency_options?: Record<string, AmountInput>;
  lookup_key?: string;
  transfer_lookup_key?: boolean;
  metadata?: MetadataInput;
}

interface ListInput extends PageParams {
  active?: boolean;
  currency?: string;
  product?: string;
  type?: string;
  lookup_keys?: string[];
  recurring?: { interval?: string };
}

includable('price', 'currency_options', stored);

const amounts = ['unit_amount', 'unit_amount_decimal', 'tax_behavior'];
const played = [
  ...amounts,
  ...words('active currency nickname metadata product lookup_key'),
  ...words('transfer_lookup_key currency_options product_data.name product_data.metadata'),
  ...words('interval interval_count trial_period_days usage_type').map((n) => `recurring.${n}`),
];

export const priceRoutes: readonly Route[] = [
  route<Input>('POST /v1/prices', played, (tx, params) => {
    const price = createPrice(tx, params);
    emit(tx, 'price.created', price);
    return price;
  }),
  route<Partial<Input>>(
    'POST /v1/prices/{}',
    ['active', 'nickname', 'metadata', 'lookup_key', 'transfer_lookup_key', 'tax_behavior'],
    (tx, params, id) => {
      const price = need(tx, 'price', id);
      patch(price, { ...params }, ['active', 'nickname', 'tax_behavior']);
      if (params.lookup_key !== undefined) takeLookupKey(tx, price, params);
      price.metadata = mergeMetadata(price.metadata, params.metadata);
      emit(tx, 'price.updated', price);
      return price;
    },
  ),
  route('GET /v1/prices/{}', [], (tx, _, id) => need(tx, 'price', id)),
  route<ListInput>(
    'GET /v1/prices',
    [...pageParams, 'active', 'currency', 'product', 'type', 'lookup_keys', 'recurring.interval'],
    (tx, params) =>
      pageOf(tx, 'price', params, {
        url: '/v1/prices',
        owner: params.product,
        test: (price) =>
          price.active === (params.active ?? price.active) &&
          price.currency === (params.currency ?? price.currency) &&
          price.type === (params.type ?? price.type) &&
          (params.lookup_keys?.includes(price.lookup_key ?? '') ?? true) &&
          (params.recurring?.interval ?? price.recurring?.interval) === price.recurring?.interval,
      }),
  ),
];

/** A price, and its product where the request brings one. Prices never change their amount. */
function createPrice(tx: Transaction, params: Input): Price {
  const currency = params.currency.toLowerCase();
  const price = create(tx, 'price', {
    active: params.active ?? true,
    billing_scheme: 'per_unit',
    currency,
    product: productOf(tx, params),
    nickname: null,
    lookup_key: null,
    recurring: params.recurring === undefined ? null : recurringOf(params.recurring),
    type: params.recurring === undefined ? 'one_time' : 'recurring',
    ...optionOf(params, ''),
    currency_options: Object.fromEntries([
      [currency, optionOf(params, '')],
      ...Object.entries(params.currency_options ?? {}).map(([name, option]) => [
        name.toLowerCase(),
        optionOf(option, `currency_options[${name}]`),
      ]),
    ]),
    metadata: mergeMetadata({}, params.metadata),
  });
  price.sim_owner = price.product;
  patch(price, { ...params }, ['nickname']);
  if (params.lookup_key !== undefined) takeLookupKey(tx, price, params);
  return price;
}

function productOf(tx: Transaction, params: Input): string {
  if (params.product !== undefined) {
    const product = need(tx, 'product', params.product, 'product');
    if (!product.active) throw invalidRequest('This product is not active.', { param: 'product' });
    return product.id;
  }
  if (params.product_data === undefined) {
    throw invalidRequest(
      'You must specify either `product` or `product_data` when creating a price.',
      {
        code: 'parameter_missing',
        param: 'product',
      },
    );
  }
  const product = create(tx, 'product', {
    name: params.product_data.name,
    active: true,
    default_price: null,
    type: 'service',
    updated: tx.now,
    metadata: mergeMetadata({}, params.product_data.metadata),
  });
  emit(tx, 'product.created', product);
  return product.id;
}

function optionOf(given: AmountInput, param: string): CurrencyOption {
  const { unit_amount: whole, unit_amount_decimal: decimal } = given;
  if ((whole === undefined) === (decimal === undefined)) {
    throw invalidRequest('Specify exactly one of `unit_amount` and `unit_amount_decimal`.', {
      param: param === '' ? 'unit_amount' : `${param}[unit_amount]`,
    });
  }
  const text = decimal ?? String(whole);
  if (text.startsWith('-')) {
    throw invalidRequest('This value must be greater than or equal to 0.', {
      code: 'parameter_invalid_integer',
      param: 'unit_amount',
    });
  }
  const isWhole = /^\d+(?:\.0+)?$/.test(text);
  return {
    unit_amount: isWhole ? Number(text) : null,
    unit_amount_decimal: text,
    tax_behavior: given.tax_behavior ?? 'unspecified',
    custom_unit_amount: null,
  };
}

function recurringOf(given: NonNullable<Input['recurring']>): Recurring {
  if ((given.usage_type ?? 'licensed') !== 'licensed') {
    throw notPlayed('metered prices', 'recurring[usage_type]');
  }
  return {
    interval: given.interval,
    interval_count: given.interval_count ?? 1,
    meter: null,
    trial_period_days: given.trial_period_days ?? null,
    usage_type: 'licensed',
  };
}

function takeLookupKey(tx: Transaction, price: Price, params: Partial<Input>): void {
  const key = params.lookup_key ?? null;
  const [holder] = tx.getAll('price', undefined, (one) => one.lookup_key === key);
  if (key !== null && holder !== undefined && holder.id !== price.id) {
    if (params.transfer_lookup_key !== true) {
      throw invalidRequest(
        `A price (\`${holder.id}\`) already uses that lookup key: set \`transfer_lookup_key\`.`,
        { param: 'lookup_key' },
      );
    }
    holder.lookup_key = null;
  }
  price.lookup_key = key;
}

/** The price of one in a currency, in minor units with decimals. */
export function unitDecimalIn(price: Readonly<Price>, currency: string, param: string): string {
  const decimal = price.currency_options[currency]?.unit_amount_decimal;
  if (decimal !== null && decimal !== undefined) return decimal;
  throw invalidRequest(
    `The price specified supports currencies of ${Object.keys(price.currency_options).join(', ')}. ` +
      `This does not match the expected currency: ${currency}.`,
    { param },
  );
}

/** The same as an old-style plan, which subscription items still show. */
export function planOf(price: Readonly<Price>): Record<string, unknown> {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval,
    interval_count: price.recurring?.interval_count,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: price.recurring?.trial_period_days ?? null,
    usage_type: 'licensed',
  };
}
