import { boundaryOf } from '../billing/periods.ts';
import type { Interval, Phase, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { words } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { mergeMetadata, type MetadataInput } from './shared.ts';
import { needPrice } from './subscription-items.ts';

export interface PhaseInput {
  items: { price?: string; quantity?: number; metadata?: MetadataInput }[];
  start_date?: number | 'now';
  end_date?: number | 'now';
  duration?: { interval: Interval; interval_count?: number };
  proration_behavior?: string;
  billing_cycle_anchor?: string;
  trial_end?: number;
  metadata?: MetadataInput;
}

export const phaseNames = [
  ...words('items.price items.quantity items.metadata start_date end_date duration'),
  ...words('proration_behavior billing_cycle_anchor trial_end metadata'),
].map((name) => `phases.${name}`);

function blankPhase(currency: string, start: number, end: number): Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: end,
    invoice_settings: null,
    items: [],
    metadata: {},
    on_behalf_of: null,
    proration_behavior: 'create_prorations',
    start_date: start,
    transfer_data: null,
    trial_end: null,
  };
}

/** A phase that is a subscription as it stands. */
export function phaseOf(subscription: Subscription, start: number, end: number): Phase {
  return {
    ...blankPhase(subscription.currency, start, end),
    items: subscription.items.data.map((item) =>
      phaseItem(item.price.id, item.quantity, item.metadata),
    ),
    trial_end: subscription.status === 'trialing' ? subscription.trial_end : null,
    metadata: { ...subscription.metadata },
  };
}

function phaseItem(
  price: string,
  quantity: number,
  metadata: Phase['items'][number]['metadata'],
): Phase['items'][number] {
  return {
    billing_thresholds: null,
    discounts: [],
    metadata,
    plan: price,
    price,
    quantity,
    tax_rates: [],
  };
}

/** The phases of a request, each beginning where the one before it ends. */
export function readPhases(
  tx: Transaction,
  inputs: readonly PhaseInput[],
  firstStart: number,
  currency: string,
): Phase[] {
  let start = firstStart;
  return inputs.map((input, index) => {
    const param = `phases[${index}]`;
    if (typeof input.start_date === 'number' && input.start_date !== start) {
      throw invalidRequest(
        `The start date of ${param} must be ${start}: ` +
          (index === 0 ? 'it has begun.' : 'where the phase before it ends.'),
        { param: `${param}[start_date]` },
      );
    }
    const end = endOf(tx, input, start, param);
    const phase: Phase = {
      ...blankPhase(currency, start, end),
      proration_behavior: input.proration_behavior ?? 'create_prorations',
      billing_cycle_anchor: input.billing_cycle_anchor ?? null,
      trial_end: input.trial_end ?? null,
      metadata: mergeMetadata({}, input.metadata),
      items: input.items.map((item, place) => {
        const name = `${param}[items][${place}][price]`;
        const price = needPrice(tx, item.price ?? '', currency, name);
        return phaseItem(price.id, item.quantity ?? 1, mergeMetadata({}, item.metadata));
      }),
    };
    start = end;
    return phase;
  });
}

function endOf(tx: Transaction, input: PhaseInput, start: number, param: string): number {
  if (input.duration !== undefined) {
    const { interval, interval_count: count = 1 } = input.duration;
    return boundaryOf(start, { interval, interval_count: count }, 1);
  }
  const end = input.end_date === 'now' ? tx.now : input.end_date;
  if (end !== undefined && end > start) return end;
  throw invalidRequest(`${param} needs an \`end_date\` after ${start}, or a \`duration\`.`, {
    param: `${param}[end_date]`,
  });
}
