/** What a customer does within a month: on that day, counted from 0 at the month's begin. */
export type Deed =
  | { readonly kind: 'convert'; readonly count: number }
  /** Upward at once, downward at the end of the period. */
  | { readonly kind: 'change'; readonly plan: PlanName }
  /** What is saved fails, or works, from then on. */
  | { readonly kind: 'card'; readonly card: string }
  /** Another card is given on the hosted page; what is overdue is charged to it. */
  | { readonly kind: 'new_card'; readonly card: string }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'resume' }
  /** By the operator, at once. */
  | { readonly kind: 'end'; readonly settlement: 'refund' | 'credit' | 'none' }
  /** Days for nothing, from the operator. */
  | { readonly kind: 'trial'; readonly days: number; readonly plan: PlanName }
  | { readonly kind: 'subscribe'; readonly plan: PlanName; readonly interval?: 'month' | 'year' };

export type PlanName = 'Team' | 'Studio';

export interface Customer {
  readonly name: string;
  readonly currency: 'usd' | 'eur' | 'gbp' | 'jpy';
  readonly begins: Extract<Deed, { kind: 'subscribe' | 'trial' }>;
  /** Conversions of each month; past 40 (Team) or 120 (Studio) they cost. */
  readonly monthly: readonly number[];
  /** By month, 0 to 11, and day. */
  readonly story: readonly { readonly month: number; readonly day: number; readonly deed: Deed }[];
}

const team = { kind: 'subscribe', plan: 'Team' } as const;
const studio = { kind: 'subscribe', plan: 'Studio' } as const;
const at = (month: number, day: number, deed: Deed) => ({ month, day, deed });
const steady = (count: number): number[] => Array.from({ length: 12 }, () => count);

/** A year of twelve workspaces: most are quiet, some are not. */
export const customers: readonly Customer[] = [
  {
    name: 'Aurora',
    currency: 'usd',
    begins: team,
    monthly: steady(20),
    story: [at(4, 3, { kind: 'cancel' }), at(4, 19, { kind: 'resume' })],
  },
  {
    name: 'Borealis',
    currency: 'usd',
    begins: team,
    monthly: [30, 38, 52, 90, 110, 125, 140, 130, 150, 160, 170, 180],
    story: [at(3, 12, { kind: 'change', plan: 'Studio' })],
  },
  { name: 'Cobalt', currency: 'eur', begins: studio, monthly: steady(135), story: [] },
  {
    name: 'Dune',
    currency: 'gbp',
    begins: { kind: 'trial', plan: 'Team', days: 21 },
    monthly: steady(47),
    story: [at(0, 15, { kind: 'new_card', card: 'mastercard' })],
  },
  { name: 'Ember', currency: 'jpy', begins: studio, monthly: steady(131), story: [] },
  {
    name: 'Fjord',
    currency: 'usd',
    begins: { ...team, interval: 'year' },
    monthly: [35, 45, 41, 39, 60, 44, 30, 52, 48, 40, 43, 70],
    story: [],
  },
  {
    name: 'Grove',
    currency: 'usd',
    begins: studio,
    monthly: steady(122),
    story: [
      at(1, 20, { kind: 'card', card: 'chargeCustomerFail' }),
      at(2, 5, { kind: 'new_card', card: 'visa' }),
    ],
  },
  {
    name: 'Harbor',
    currency: 'usd',
    begins: team,
    monthly: steady(45),
    story: [at(5, 3, { kind: 'card', card: 'chargeCustomerFail' })],
  },
  {
    name: 'Iris',
    currency: 'eur',
    begins: team,
    monthly: steady(44),
    story: [at(3, 25, { kind: 'cancel' }), at(7, 10, { kind: 'subscribe', plan: 'Team' })],
  },
  {
    name: 'Juniper',
    currency: 'usd',
    begins: studio,
    monthly: [125, 124, 123, 121, 120, 60, 50, 41, 30, 30, 30, 42],
    story: [at(5, 15, { kind: 'change', plan: 'Team' })],
  },
  {
    name: 'Kestrel',
    currency: 'gbp',
    begins: team,
    monthly: steady(42),
    story: [
      at(6, 7, { kind: 'change', plan: 'Studio' }),
      at(8, 21, { kind: 'change', plan: 'Team' }),
    ],
  },
  {
    name: 'Lumen',
    currency: 'jpy',
    begins: studio,
    monthly: steady(124),
    story: [at(9, 17, { kind: 'end', settlement: 'refund' })],
  },
];
