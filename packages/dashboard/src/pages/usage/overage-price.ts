import type { Usage } from '@mutate/sdk';
import { formatAmount, formatCount } from '../../format.ts';

type Overage = Pick<
  Usage['overage'],
  'unit_amount' | 'unit_amounts_by_type' | 'tiers' | 'currency'
>;

const namedTypesMax = 3;

/** What conversions past the limit cost, override, tiers and types included; null: no price. */
export function overagePriceInWords(overage: Overage): string | null {
  const { unit_amount: unit, unit_amounts_by_type: byType, tiers, currency } = overage;
  if (unit === null) return null;
  const money = (amount: string) => formatAmount(amount, currency);
  const general = tiers === null ? `${money(unit)} each` : tiersInWords(tiers, money);
  const types = Object.entries(byType ?? {});
  if (types.length === 0) return general;
  if (types.length <= namedTypesMax) {
    return `${general}; ${types.map(([type, amount]) => `${type} ${money(amount)}`).join(', ')}`;
  }
  const sorted = types.map(([, amount]) => amount).toSorted((a, b) => Number(a) - Number(b));
  const [least = unit, most = unit] = [sorted.at(0), sorted.at(-1)];
  return `${general}; ${types.length} types have their own price, ${money(least)} to ${money(most)}`;
}

function tiersInWords(
  tiers: NonNullable<Overage['tiers']>,
  money: (amount: string) => string,
): string {
  return tiers
    .map(({ up_to: upTo, amount }) =>
      upTo === null
        ? `${money(amount)} each after that`
        : `${money(amount)} each up to number ${formatCount(upTo)} past the limit`,
    )
    .join(', ');
}
