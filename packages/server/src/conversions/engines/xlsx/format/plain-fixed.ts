import { digitCount, writeDigits } from './digits.ts';
import type { NumberShape, Place } from './number-shape.ts';

/**
 * Writes a number's text as UTF-8 to the beginning of a buffer of at least `quickBytesMax`. Gives
 * the length, or -1 where only the exact way of the format is sure.
 */
export type QuickWriter = (value: number, target: Buffer) => number;

export const quickBytesMax = 256;

const affixBytesMax = 64;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
/** Up to here the error of one multiplication stays far below `tieDistance`. */
const scaledMax = 1e9;
const tieDistance = 1e-5;

/**
 * A quick way for the formats that most cells have, such as `0.00`, `#,##0` and `0%`: plain digits
 * between fixed texts. Measured: a fifth of the time of exact decimal arithmetic.
 *
 * @param signed whether a negative number gets a minus; undefined for other shapes.
 */
export function compilePlainFixed(shape: NumberShape, signed: boolean): QuickWriter | undefined {
  const integer = plainPart(shape.integer);
  const fraction = plainPart(shape.fraction);
  if (integer === undefined || fraction === undefined || shape.hasExponent) return undefined;
  if (/[^0]/.test(fraction.digits) || !/^#*0{0,3}$/.test(integer.digits)) return undefined;
  if (integer.digits === '' || fraction.before !== '') return undefined;
  if (integer.after !== '' && shape.hasPoint) return undefined;
  const before = Buffer.from(integer.before);
  const after = Buffer.from(integer.after + fraction.after);
  const places = fraction.digits.length;
  if (before.length > affixBytesMax || after.length > affixBytesMax || places > 9) return undefined;
  const integerMin = integer.digits.replaceAll('#', '').length;
  const factor = 10 ** (places + shape.scale);
  const unit = 10 ** places;
  const { grouped, hasPoint } = shape;
  return (value, target) => {
    const scaled = Math.abs(value) * factor;
    const below = Math.floor(scaled);
    const rest = scaled - below;
    if (!(scaled < scaledMax) || Math.abs(rest - 0.5) < tieDistance) return -1;
    const rounded = rest > 0.5 ? below + 1 : below;
    const whole = Math.floor(rounded / unit);
    let at = 0;
    if (signed && value < 0 && rounded > 0) target[at++] = minus;
    at = writeBytes(target, at, before);
    const width = Math.max(integerMin, digitCount(whole));
    at = grouped ? writeGrouped(target, at, whole, width) : writeDigits(target, at, whole, width);
    if (hasPoint) target[at++] = point;
    at = writeDigits(target, at, rounded - whole * unit, places);
    return writeBytes(target, at, after);
  };
}

function writeGrouped(target: Buffer, start: number, value: number, width: number): number {
  if (width <= 3) return writeDigits(target, start, value, width);
  const head = Math.floor(value / 1000);
  const at = writeGrouped(target, start, head, width - 3);
  target[at] = comma;
  return writeDigits(target, at + 1, value - head * 1000, 3);
}

function writeBytes(target: Buffer, start: number, bytes: Buffer): number {
  for (let index = 0; index < bytes.length; index += 1) {
    target[start + index] = bytes[index] as number;
  }
  return start + bytes.length;
}

interface PlainPart {
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

/** Undefined when a text stands between two digits. */
function plainPart(places: readonly Place[]): PlainPart | undefined {
  let [before, digits, after] = ['', '', ''];
  for (const place of places) {
    if (typeof place === 'object') {
      if (after !== '') return undefined;
      digits += place.char;
    } else if (digits === '') before += place;
    else after += place;
  }
  return digits === '' ? { before: '', digits, after: before } : { before, digits, after };
}
