import type { PlanChange, PlanPrice } from '@mutate/sdk';
import { formatAmount, formatCount, formatMinor } from '../../../format.ts';

export interface ChangeInWords {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** A line for each limit or fact that changes, and for each price. */
export function changesInWords({ changes }: PlanChange): ChangeInWords[] {
  return changes.flatMap(({ member, before, after }) =>
    member === 'prices'
      ? pricesInWords(before as PlanPrice[], after as PlanPrice[])
      : [
          {
            what: member.replaceAll('_', ' '),
            before: valueInWords(before),
            after: valueInWords(after),
          },
        ],
  );
}

function pricesInWords(before: PlanPrice[], after: PlanPrice[]): ChangeInWords[] {
  const [had, has] = [byName(before), byName(after)];
  return [...new Set([...had.keys(), ...has.keys()])]
    .map((what) => ({
      what,
      before: had.get(what) ?? 'not sold',
      after: has.get(what) ?? 'not sold any more',
    }))
    .filter((line) => line.before !== line.after);
}

function byName(prices: readonly PlanPrice[]): Map<string, string> {
  return new Map(
    prices.map((price) => [
      `${price.currency.toUpperCase()} every ${price.interval}`,
      priceInWords(price),
    ]),
  );
}

/** Such as "$19.00; past the limit $0.02 each, $0.01 from 101 on; XLSX_TO_CSV $0.05". */
export function priceInWords(price: PlanPrice): string {
  const { currency, overage_amount: each, overage_tiers: tiers } = price;
  const money = (amount: string) => formatAmount(amount, currency);
  const parts = [formatMinor(price.amount_minor, currency)];
  if (tiers !== null && tiers !== undefined && tiers.length > 0) {
    const steps = tiers.map(({ amount }, index) => {
      const from = (tiers[index - 1]?.up_to ?? 0) + 1;
      return from === 1 ? `${money(amount)} each` : `${money(amount)} from ${formatCount(from)} on`;
    });
    parts.push(`past the limit ${steps.join(', ')}`);
  } else if (each !== null) {
    parts.push(`past the limit ${money(each)} each`);
  }
  const own = Object.entries(price.overage_amounts_by_type ?? {});
  for (const [type, amount] of own) parts.push(`${type} ${money(amount)}`);
  return parts.join('; ');
}

function valueInWords(value: unknown): string {
  if (value === null) return 'no limit';
  if (typeof value === 'number') return formatCount(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(valueInWords).join(', ');
  const entries = Object.entries(value ?? {});
  if (entries.length === 0) return 'none';
  return entries
    .map(([name, member]) => `${name.replaceAll('_', ' ')} ${JSON.stringify(member)}`)
    .join(', ');
}
