import { decimalOf, fractionDigits, integerDigits, roundDecimal } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import { digitCount, writeDigits } from './digits.ts';

const digitsMax = 11;
const minus = 0x2d;
const point = 0x2e;
const powersOfTen = Array.from({ length: digitsMax }, (_, index) => 10 ** index);

/**
 * A number in the format `General`, as in a column that is wide enough: at most 11 characters
 * besides the sign, so long fractions are rounded and long numbers get an exponent.
 */
export function formatGeneral(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e11) return String(value === 0 ? 0 : value);
  const sign = value < 0 ? '-' : '';
  const decimal = decimalOf(value);
  return sign + (fixed(decimal) ?? scientific(decimal));
}

/**
 * `General` for the numbers most cells hold, written as bytes: where no carry and no tie is near,
 * ten digits come out of one multiplication. See QuickWriter.
 */
export function writeGeneral(value: number, target: Buffer): number {
  const magnitude = Math.abs(value);
  if (!(magnitude >= 1 && magnitude < 1e9)) return -1;
  const whole = Math.floor(magnitude);
  const width = digitCount(whole);
  let places = digitsMax - 1 - width;
  const unit = powersOfTen[places] ?? 1;
  const scaled = (magnitude - whole) * unit;
  let digits = Math.round(scaled);
  if (Math.abs(Math.abs(scaled - digits) - 0.5) < 1e-2 || digits >= unit) return -1;
  let at = 0;
  if (value < 0) target[at++] = minus;
  at = writeDigits(target, at, whole, width);
  if (digits === 0) return at;
  for (let tenth = digits / 10; tenth === Math.floor(tenth); tenth /= 10) {
    digits = tenth;
    places -= 1;
  }
  target[at] = point;
  return writeDigits(target, at + 1, digits, places);
}

/** Undefined where only an exponent keeps enough digits. */
function fixed(decimal: Decimal): string | undefined {
  const { exponent } = decimal;
  if (exponent > digitsMax || exponent < -8) return undefined;
  const places = Math.max(0, digitsMax - 1 - Math.max(1, exponent));
  const rounded = roundDecimal(decimal, places);
  if (exponent < -3 && rounded.digits !== decimal.digits) return undefined;
  if (rounded.exponent > digitsMax) return undefined;
  const fraction = fractionDigits(rounded, places).replace(/0+$/, '');
  const integer = integerDigits(rounded) || '0';
  return fraction === '' ? integer : `${integer}.${fraction}`;
}

function scientific(decimal: Decimal): string {
  const exponentOf = (one: Decimal) => one.exponent - 1;
  const size = Math.abs(exponentOf(decimal)) >= 100 ? 4 : 5;
  const rounded = roundDecimal(decimal, size - exponentOf(decimal));
  const power = exponentOf(rounded);
  const mantissa = rounded.digits.slice(1);
  const fraction = mantissa === '' ? '' : `.${mantissa}`;
  const exponent = String(Math.abs(power)).padStart(2, '0');
  return `${rounded.digits.charAt(0)}${fraction}E${power < 0 ? '-' : '+'}${exponent}`;
}
