import type { PlanChange, PlanPrice } from '@mutate/sdk';
import { expect, test } from 'vitest';
import { changesInWords, priceInWords } from './changes-in-words.ts';

const monthly: PlanPrice = {
  currency: 'usd',
  interval: 'month',
  amount_minor: 1900,
  overage_amount: '0.02',
};

test('steps say from which conversion they hold, and types with a price of their own are named', () => {
  const tiers = [
    { up_to: 100, amount: '0.02' },
    { up_to: 1100, amount: '0.01' },
    { up_to: null, amount: '0.004' },
  ];
  const price = {
    ...monthly,
    overage_tiers: tiers,
    overage_amounts_by_type: { XLSX_TO_CSV: '0.05' },
  };
  expect(priceInWords(price)).toBe(
    '$19.00; past the limit $0.02 each, $0.01 from 101 on, $0.004 from 1,101 on; XLSX_TO_CSV $0.05',
  );
  expect(priceInWords({ ...monthly, overage_amount: null })).toBe('$19.00');
});

test('a line for each price that changes, and none for those that stay', () => {
  const yearly: PlanPrice = { ...monthly, interval: 'year', amount_minor: 19_000 };
  const yen: PlanPrice = { ...monthly, currency: 'jpy', amount_minor: 2900, overage_amount: '3' };
  const change: PlanChange = {
    object: 'plan_change',
    plan_id: 'plan_starter',
    current_version: 1,
    new_version: 2,
    changes: [
      { member: 'monthly_conversion_limit', before: 1000, after: null },
      {
        member: 'prices',
        before: [monthly, yearly],
        after: [{ ...monthly, amount_minor: 2500 }, yearly, yen],
      },
      { member: 'features', before: {}, after: { trial_days: 14 } },
    ],
    workspaces: [],
  };
  expect(changesInWords(change)).toEqual([
    { what: 'monthly conversion limit', before: '1,000', after: 'no limit' },
    {
      what: 'USD every month',
      before: '$19.00; past the limit $0.02 each',
      after: '$25.00; past the limit $0.02 each',
    },
    { what: 'JPY every month', before: 'not sold', after: '¥2,900; past the limit ¥3 each' },
    { what: 'features', before: 'none', after: 'trial days 14' },
  ]);
});
