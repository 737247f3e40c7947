import { minorStep } from '../currency.ts';
import { AppError } from '../errors.ts';
import { type InputError, invalidRequest } from '../http/validation.ts';
import type { PlanTerms, PriceInput } from './admin-schema.ts';

export type Price = Required<PriceInput>;

/** What makes a version: changed, it is a new one. */
export interface Terms extends Omit<PlanTerms, 'prices'> {
  readonly prices: readonly Price[];
}

export const termNames = [
  'monthly_conversion_limit',
  'concurrent_conversion_limit',
  'max_file_size_mb',
  'rate_limit_per_minute',
  'overage_policies',
  'prices',
] as const satisfies readonly (keyof Terms)[];

/**
 * The terms in one form, so that equal ones compare as equal: prices and policies in their order,
 * decimals without idle zeros, the first tier's price as the overage price.
 *
 * @throws AppError `invalid_request` for what the shapes cannot say
 */
export function normalizeTerms(planId: string, terms: PlanTerms): Terms {
  const mistakes = [
    ...terms.prices.flatMap((price, index) => priceMistakes(planId, price, index)),
    ...priceListMistakes(terms),
  ];
  if (mistakes.length > 0) throw invalidRequest(mistakes);
  const { monthly_conversion_limit, concurrent_conversion_limit, max_file_size_mb } = terms;
  return {
    monthly_conversion_limit,
    concurrent_conversion_limit,
    max_file_size_mb,
    rate_limit_per_minute: terms.rate_limit_per_minute,
    overage_policies: policyOrder.filter((policy) => terms.overage_policies.includes(policy)),
    prices: terms.prices.map(normalizePrice).toSorted(inPriceListOrder),
  };
}

const policyOrder = ['block', 'warn', 'charge'] as const;

/** As `plan_object` shows them. */
function inPriceListOrder(a: Price, b: Price): number {
  const keyOf = ({ currency, interval }: Price) =>
    `${Number(currency !== 'usd')} ${currency} ${interval}`;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function normalizePrice(price: PriceInput): Price {
  const tiers = price.overage_tiers?.map(({ up_to, amount }) => ({
    up_to,
    amount: plainDecimal(amount),
  }));
  const amount = tiers?.[0]?.amount ?? price.overage_amount;
  const byType = Object.entries(price.overage_amounts_by_type ?? {}).toSorted(byName);
  return {
    currency: price.currency,
    interval: price.interval,
    amount_minor: price.amount_minor,
    overage_amount: amount === undefined || amount === null ? null : plainDecimal(amount),
    overage_amounts_by_type:
      byType.length === 0
        ? null
        : Object.fromEntries(byType.map(([type, text]) => [type, plainDecimal(text)])),
    overage_tiers: tiers ?? null,
  };
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function plainDecimal(text: string): string {
  const [whole = '', part = ''] = text.split('.');
  const digits = part.replace(/0+$/, '');
  return `${whole.replace(/^0+(?=\d)/, '')}${digits === '' ? '' : `.${digits}`}`;
}

function priceMistakes(planId: string, price: PriceInput, index: number): InputError[] {
  const at = `/body/prices/${index}`;
  const step = minorStep(price.currency);
  const mistakes: InputError[] = [];
  if (price.amount_minor % step !== 0) {
    const end = step === 10 ? '0' : '00';
    const detail = `must end in ${end}: Stripe takes ${price.currency} that way`;
    mistakes.push({ pointer: `${at}/amount_minor`, detail });
  }
  if (planId === 'plan_free' && price.amount_minor > 0) {
    const detail = 'must be 0: who does not pay falls back to this plan';
    mistakes.push({ pointer: `${at}/amount_minor`, detail });
  }
  const given = price.overage_amount ?? null;
  const [first] = price.overage_tiers ?? [];
  if (first !== undefined && given !== null && plainDecimal(given) !== plainDecimal(first.amount)) {
    const detail = "must be absent beside overage_tiers, or the first tier's amount";
    mistakes.push({ pointer: `${at}/overage_amount`, detail });
  }
  if (given === null && first === undefined && (price.overage_amounts_by_type ?? null) !== null) {
    const detail = 'is required beside overage_amounts_by_type: it holds for all other types';
    mistakes.push({ pointer: `${at}/overage_amount`, detail });
  }
  return mistakes;
}

function priceListMistakes({ prices, overage_policies: policies }: PlanTerms): InputError[] {
  const seen = new Set<string>();
  const mistakes: InputError[] = [];
  for (const [index, { currency, interval }] of prices.entries()) {
    const key = `${currency} ${interval}`;
    if (seen.has(key)) {
      mistakes.push({ pointer: `/body/prices/${index}`, detail: `is the second for ${key}` });
    }
    seen.add(key);
  }
  const isSold = prices.some(
    (price) => (price.overage_amount ?? price.overage_tiers ?? null) !== null,
  );
  if (policies.includes('charge') && !isSold) {
    const detail = 'must not have "charge" without a price that has an overage_amount';
    mistakes.push({ pointer: '/body/overage_policies', detail });
  }
  return mistakes;
}

/** 409 of a change that a plan's own state forbids. */
export function planConflict(message: string): AppError {
  return new AppError('conflict', message);
}
