import { Temporal } from 'temporal-polyfill';

/** The plans of the histories: small, so that every limit is met within a few steps. */
export interface ModelPlan {
  readonly id: string;
  readonly monthlyLimit: number | null;
  readonly concurrentLimit: number | null;
  readonly fileMegabytesMax: number | null;
  readonly policies: readonly Policy[];
  /** Of one conversion past the limit, in ten-thousandths of the currency; null: none is sold. */
  readonly price: number | null;
  readonly pricesByType: Readonly<Record<string, number>> | null;
  /** Graduated: up to and with which conversion past the limit, and its price. */
  readonly tiers: readonly { readonly upTo: number | null; readonly price: number }[] | null;
}

export type Policy = 'block' | 'warn' | 'charge';

const allPolicies = ['block', 'warn', 'charge'] as const;

export const modelPlans: readonly ModelPlan[] = [
  {
    id: 'plan_proof_strict',
    monthlyLimit: 3,
    concurrentLimit: 2,
    fileMegabytesMax: 1,
    policies: ['block'],
    price: null,
    pricesByType: null,
    tiers: null,
  },
  {
    id: 'plan_proof_paid',
    monthlyLimit: 4,
    concurrentLimit: 3,
    fileMegabytesMax: 2,
    policies: allPolicies,
    price: 200,
    pricesByType: { XLSX_TO_CSV: 500 },
    tiers: null,
  },
  {
    id: 'plan_proof_tiered',
    monthlyLimit: 2,
    concurrentLimit: 3,
    fileMegabytesMax: 2,
    policies: allPolicies,
    price: 300,
    pricesByType: { XLSX_TO_CSV: 100 },
    tiers: [
      { upTo: 1, price: 300 },
      { upTo: 3, price: 700 },
      { upTo: null, price: 50 },
    ],
  },
  {
    id: 'plan_proof_unpriced',
    monthlyLimit: 5,
    concurrentLimit: 1,
    fileMegabytesMax: null,
    policies: allPolicies,
    price: null,
    pricesByType: null,
    tiers: null,
  },
  {
    id: 'plan_proof_open',
    monthlyLimit: null,
    concurrentLimit: null,
    fileMegabytesMax: null,
    policies: ['block', 'warn'],
    price: null,
    pricesByType: null,
    tiers: null,
  },
];

export interface ModelOverride {
  /** null: the plan's; -1: unlimited. */
  readonly monthlyLimit: number | null;
  readonly concurrentLimit: number | null;
  readonly price: number | null;
  readonly expiresAtMs: number | null;
}

export interface ModelSubscription {
  readonly anchorMs: number;
  plan: ModelPlan;
  override: ModelOverride | null;
  policy: Policy;
  /** In cents. */
  spendCapMinor: number | null;
  suspended: boolean;
}

export interface Limits {
  readonly monthly: number | null;
  readonly concurrent: number | null;
  readonly fileBytesMax: number | null;
  readonly policy: Policy;
  /** Of the n-th conversion past the limit of its period. */
  readonly priceOf: (type: string, position: number) => number | null;
  readonly priceMax: number | null;
}

/** What holds at a moment: override, else plan. */
export function limitsAt(subscription: ModelSubscription, nowMs: number): Limits {
  const { plan, policy } = subscription;
  const { override } = subscription;
  const inForce =
    override !== null && (override.expiresAtMs === null || nowMs < override.expiresAtMs)
      ? override
      : null;
  const chosen = (given: number | null | undefined, planned: number | null) =>
    given === null || given === undefined ? planned : given === -1 ? null : given;
  const price = inForce?.price ?? plan.price;
  const byType = inForce?.price === null || inForce === null ? plan.pricesByType : null;
  const tiers = inForce?.price === null || inForce === null ? plan.tiers : null;
  const tierAt = (n: number) => tiers?.find(({ upTo }) => upTo === null || n <= upTo)?.price;
  const prices = [...Object.values(byType ?? {}), ...(tiers ?? []).map((tier) => tier.price)];
  const sellable = plan.policies.includes(policy) && (policy !== 'charge' || price !== null);
  return {
    monthly: chosen(inForce?.monthlyLimit, plan.monthlyLimit),
    concurrent: chosen(inForce?.concurrentLimit, plan.concurrentLimit),
    fileBytesMax: plan.fileMegabytesMax === null ? null : plan.fileMegabytesMax * 1_048_576,
    policy: sellable ? policy : 'block',
    priceOf: (type, position) => byType?.[type] ?? tierAt(position) ?? price,
    priceMax: price === null ? null : Math.max(price, ...prices),
  };
}

export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** The usage period by the calendar of Temporal, counted from the anchor. */
export function periodAt(anchorMs: number, atMs: number): Period {
  const anchor = Temporal.Instant.fromEpochMilliseconds(anchorMs).toZonedDateTimeISO('UTC');
  const month = (n: number) =>
    anchor.add({ months: n }, { overflow: 'constrain' }).toInstant().epochMilliseconds;
  let n = 0;
  while (month(n + 1) <= atMs) n++;
  return { startMs: month(n), endMs: month(n + 1) };
}
