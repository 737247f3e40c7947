/** https://docs.stripe.com/currencies: amounts in these are whole units. */
const zeroDecimal = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' '),
);
/** In these a unit has a thousand parts, and the last digit must be 0. */
const threeDecimal = new Set('bhd jod kwd omr tnd'.split(' '));
const sentWithTwoZeros = new Set(['isk', 'ugx']);

/** The smallest step an amount in a currency may have, in its minor units. */
function stepOf(currency: string): bigint {
  if (threeDecimal.has(currency)) return 10n;
  return sentWithTwoZeros.has(currency) ? 100n : 1n;
}

export type Rounding = 'floor' | 'nearest';

/** `amount` × `numerator` / `denominator` in minor units, towards minus infinity or to the nearest. */
export function scaleAmount(
  amount: number,
  numerator: number,
  denominator: number,
  currency: string,
  rounding: Rounding,
): number {
  const step = stepOf(currency);
  const dividend = BigInt(amount) * BigInt(numerator);
  const divisor = BigInt(denominator) * step;
  return Number(divide(dividend, divisor, rounding) * step);
}

/** A unit price, which may have decimals, times a quantity: rounded half up, once. */
export function priceTimes(unitDecimal: string, quantity: number, currency: string): number {
  const { digits, scale } = parseDecimal(unitDecimal);
  const step = stepOf(currency);
  return Number(divide(digits * BigInt(quantity), scale * step, 'nearest') * step);
}

function parseDecimal(text: string): { digits: bigint; scale: bigint } {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is no decimal`);
  const [, sign = '', whole = '', fraction = ''] = match;
  return { digits: BigInt(`${sign}${whole}${fraction}`), scale: 10n ** BigInt(fraction.length) };
}

function divide(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  if (rounding === 'floor') return floorDivide(dividend, divisor);
  // Half away from zero, as Stripe rounds: −0.5 becomes −1.
  const half = floorDivide(2n * absolute(dividend) + divisor, 2n * divisor);
  return dividend < 0n ? -half : half;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts; less is not charged. */
const chargeMin: Readonly<Record<string, number>> = { gbp: 30, jpy: 50, krw: 500, kwd: 200 };

export function smallestCharge(currency: string): number {
  return chargeMin[currency] ?? 50;
}

/** For people: `49.50 USD`. */
export function showAmount(amount: number, currency: string): string {
  const isWhole = zeroDecimal.has(currency) && !sentWithTwoZeros.has(currency);
  const digits = isWhole ? 0 : threeDecimal.has(currency) ? 3 : 2;
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`;
}
