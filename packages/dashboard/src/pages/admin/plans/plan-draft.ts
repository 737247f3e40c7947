import type { AdminPlanDetail, CreatePlanInput, PlanPrice, PlanTerms } from '@mutate/sdk';
import { parseMajor, toMajor } from '../../../format.ts';

/** A price as it is typed; what the form has no field for is kept as it was. */
export interface PriceDraft {
  currency: string;
  interval: 'month' | 'year';
  amount: string;
  overage: string;
  kept: Partial<PlanPrice>;
}

/** A plan as it is typed; an empty limit is none. */
export interface PlanDraft {
  name: string;
  selfService: boolean;
  monthly: string;
  concurrent: string;
  fileSize: string;
  rate: string;
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
      policies: ['block'],
      prices: [{ currency: 'usd', interval: 'month', amount: '', overage: '', kept: {} }],
    };
  }
  const text = (limit: number | null) => (limit === null ? '' : String(limit));
  return {
    name: plan.name,
    selfService: plan.self_service,
    monthly: text(plan.monthly_conversion_limit),
    concurrent: text(plan.concurrent_conversion_limit),
    fileSize: text(plan.max_file_size_mb),
    rate: String(plan.rate_limit_per_minute),
    policies: plan.overage_policies,
    prices: plan.prices.map((price) => ({
      currency: price.currency,
      interval: price.interval,
      amount: toMajor(price.amount_minor, price.currency),
      overage: price.overage_amount ?? '',
      kept: price,
    })),
  };
}

/** What the API takes; null where an amount is none of its currency. */
export function toWire(draft: PlanDraft): CreatePlanInput | null {
  const prices: PlanPrice[] = [];
  for (const { currency, interval, amount, overage, kept } of draft.prices) {
    const minor = parseMajor(amount, currency);
    if (minor === null) return null;
    const own = overage.trim() === '' ? null : overage.trim();
    prices.push({ ...kept, currency, interval, amount_minor: minor, overage_amount: own });
  }
  const limit = (text: string) => (text.trim() === '' ? null : Number(text));
  return {
    name: draft.name,
    self_service: draft.selfService,
    monthly_conversion_limit: limit(draft.monthly),
    concurrent_conversion_limit: limit(draft.concurrent),
    max_file_size_mb: limit(draft.fileSize),
    rate_limit_per_minute: Number(draft.rate),
    overage_policies: draft.policies,
    prices,
  };
}
