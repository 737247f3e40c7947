/**
 * A number as Excel sees it: at most 15 significant decimal digits.
 * The value is `digits` (no leading zero, empty for zero) with the point `exponent` digits from
 * the left; the sign is left out.
 */
export interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

const zero: Decimal = { digits: '', exponent: 0 };

/** Reads the magnitude of a finite double, rounded to 15 digits. */
export function decimalOf(value: number): Decimal {
  if (value === 0) return zero;
  const text = Math.abs(value).toExponential(14);
  const mark = text.indexOf('e');
  const digits = (text.charAt(0) + text.slice(2, mark)).replace(/0+$/, '');
  return { digits, exponent: Number(text.slice(mark + 1)) + 1 };
}

/** Rounds half up, away from zero, to `places` digits after the point. */
export function roundDecimal(value: Decimal, places: number): Decimal {
  const keep = value.exponent + places;
  if (keep >= value.digits.length) return value;
  if (keep < 0) return zero;
  const up = value.digits.charCodeAt(keep) >= 0x35;
  const kept = value.digits.slice(0, keep);
  if (!up) return trimmed(kept, value.exponent);
  const raised = kept === '' ? '1' : String(BigInt(kept) + 1n);
  const grew = raised.length > kept.length ? 1 : 0;
  return trimmed(raised, value.exponent + grew);
}

/** Multiplies by a power of ten. */
export function scaleDecimal(value: Decimal, power: number): Decimal {
  return value.digits === '' ? value : { digits: value.digits, exponent: value.exponent + power };
}

/** Digits before the point, without leading zeros: empty below one. */
export function integerDigits({ digits, exponent }: Decimal): string {
  return exponent <= 0 ? '' : digits.slice(0, exponent).padEnd(exponent, '0');
}

/** Digits after the point, exactly `places` of them. */
export function fractionDigits({ digits, exponent }: Decimal, places: number): string {
  const all = exponent < 0 ? '0'.repeat(Math.min(-exponent, places)) + digits : digits;
  return all.slice(Math.max(0, exponent)).padEnd(places, '0').slice(0, places);
}

function trimmed(digits: string, exponent: number): Decimal {
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? zero : { digits: kept, exponent };
}
