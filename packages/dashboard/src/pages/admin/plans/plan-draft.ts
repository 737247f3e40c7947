import type { AdminPlanDetail, CreatePlanInput, PlanPrice, PlanTerms } from '@mutate/sdk';
import { parseMajor, toMajor } from '../../../format.ts';

/** A price as it is typed. */
export interface PriceDraft {
  currency: string;
  interval: 'month' | 'year';
  amount: string;
  overage: string;
  /** Graduated prices past the limit; the last one holds from there on. */
  tiers: TierDraft[];
  byType: TypeDraft[];
}

export interface TierDraft {
  upTo: string;
  amount: string;
}

export interface TypeDraft {
  type: string;
  amount: string;
}

/** A plan as it is typed; an empty limit is none. */
export interface PlanDraft {
  name: string;
  selfService: boolean;
  monthly: string;
  concurrent: string;
  fileSize: string;
  rate: string;
  trialDays: string;
  policies: PlanTerms['overage_policies'];
  prices: PriceDraft[];
}

export function draftOf(plan: AdminPlanDetail | null): PlanDraft {
  if (plan === null) {
    return {
      name: '',
      selfService: false,
      monthly: '1000',
      concurrent: '2',
      fileSize: '25',
      rate: '300',
      trialDays: '',
      policies: ['block'],
      prices: [newPrice('usd')],
    };
  }
  const trialDays = plan.features['trial_days'];
  const text = (limit: number | null) => (limit === null ? '' : String(limit));
  return {
    name: plan.name,
    selfService: plan.self_service,
    monthly: text(plan.monthly_conversion_limit),
    concurrent: text(plan.concurrent_conversion_limit),
    fileSize: text(plan.max_file_size_mb),
    rate: String(plan.rate_limit_per_minute),
    trialDays: typeof trialDays === 'number' ? String(trialDays) : '',
    policies: plan.overage_policies,
    prices: plan.prices.map((price) => ({
      currency: price.currency,
      interval: price.interval,
      amount: toMajor(price.amount_minor, price.currency),
      overage: price.overage_amount ?? '',
      tiers: (price.overage_tiers ?? []).map(({ up_to: upTo, amount }) => ({
        upTo: text(upTo),
        amount,
      })),
      byType: Object.entries(price.overage_amounts_by_type ?? {}).map(([type, amount]) => ({
        type,
        amount,
      })),
    })),
  };
}

export function newPrice(currency: string): PriceDraft {
  return { currency, interval: 'month', amount: '', overage: '', tiers: [], byType: [] };
}

/**
 * What the API takes; null where an amount is none of its currency.
 *
 * @param features of the plan as it is: what the form has no field for is kept
 */
export function toWire(
  draft: PlanDraft,
  features: Readonly<Record<string, unknown>>,
): CreatePlanInput | null {
  const prices: PlanPrice[] = [];
  for (const price of draft.prices) {
    const minor = parseMajor(price.amount, price.currency);
    if (minor === null) return null;
    prices.push({
      ...overageOf(price),
      currency: price.currency,
      interval: price.interval,
      amount_minor: minor,
    });
  }
  const { trial_days: _, ...others } = features;
  const trialDays = draft.trialDays.trim();
  const limit = (text: string) => (text.trim() === '' ? null : Number(text));
  return {
    name: draft.name,
    self_service: draft.selfService,
    monthly_conversion_limit: limit(draft.monthly),
    concurrent_conversion_limit: limit(draft.concurrent),
    max_file_size_mb: limit(draft.fileSize),
    rate_limit_per_minute: Number(draft.rate),
    overage_policies: draft.policies,
    features: trialDays === '' ? others : { ...others, trial_days: Number(trialDays) },
    prices,
  };
}

function overageOf({ overage, tiers, byType }: PriceDraft) {
  return {
    // Beside steps it would say the same as the first of them.
    overage_amount: tiers[0]?.amount.trim() ?? (overage.trim() === '' ? null : overage.trim()),
    overage_tiers:
      tiers.length === 0
        ? null
        : tiers.map(({ upTo, amount }, index) => ({
            up_to: index === tiers.length - 1 ? null : Number(upTo),
            amount: amount.trim(),
          })),
    overage_amounts_by_type:
      byType.length === 0
        ? null
        : Object.fromEntries(byType.map(({ type, amount }) => [type, amount.trim()])),
  };
}
