import { serialOfIso } from '../xlsx/iso-date.ts';
import { dateStyle, dateTimeStyle, decimalsMax, decimalStyle, generalStyle } from './styles.ts';

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;

/** Excel keeps this many digits of a number. */
export const digitsMax = 15;
/** And shows this many characters of one in the format `General`, sign apart. */
const generalMax = 11;

/**
 * The style in which Excel shows a plain decimal just as it is written; -1 for what Excel would
 * show otherwise, or keep less of: leading zeros, more than 15 digits, an exponent, `-0`, `.5`.
 */
export function plainNumberStyle(text: string): number {
  const first = text.charCodeAt(0) === minus ? 1 : 0;
  const { length } = text;
  if (length === first || length - first > digitsMax + 1) return -1;
  let pointAt = -1;
  for (let at = first; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) continue;
    if (code !== point || pointAt >= 0) return -1;
    pointAt = at;
  }
  const whole = (pointAt < 0 ? length : pointAt) - first;
  const decimals = pointAt < 0 ? 0 : length - pointAt - 1;
  if (whole === 0 || (pointAt >= 0 && decimals === 0) || whole + decimals > digitsMax) return -1;
  if (text.charCodeAt(first) === zero && (whole > 1 || (first > 0 && Number(text) === 0)))
    return -1;
  if (decimals === 0) return whole <= generalMax ? generalStyle : decimalStyle(0);
  if (decimals > decimalsMax) return -1;
  const short = length - first <= generalMax && text.charCodeAt(length - 1) !== zero;
  return short && !isTiny(text, first) ? generalStyle : decimalStyle(decimals);
}

/** `General` gives numbers below 0.0001 an exponent. */
function isTiny(text: string, first: number): boolean {
  return text.startsWith('0.0000', first);
}

/**
 * The style for a fraction as a program writes a double: all of it is kept, though Excel shows 15
 * digits at most. -1 for anything else.
 */
export function doubleStyle(text: string): number {
  const pointAt = text.indexOf('.');
  if (pointAt < 0 || text.includes('e') || String(Number(text)) !== text) return -1;
  // `General` would show an exponent.
  return pointAt > generalMax ? decimalStyle(Math.max(0, digitsMax - pointAt)) : generalStyle;
}

export interface DateCell {
  readonly serial: number;
  readonly style: number;
}

const colon = 0x3a;
const space = 0x20;
const letterT = 0x54;
const isoDate = /^(?:19|[2-9]\d)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
/** Excel's calendar is right from here on: 1900-03-01. */
const serialMin = 61;

/** A column holds the same days again and again; -1 for what is none. */
const rememberedDays = new Map<string, number>();
const rememberedMax = 8192;

/** A date or a local time in ISO 8601 that Excel can show again; undefined for anything else. */
export function dateCellOf(text: string): DateCell | undefined {
  const { length } = text;
  if ((length !== 10 && length !== 19) || text.charCodeAt(4) !== minus) return undefined;
  if (length === 10) {
    const day = daySerial(text);
    return day < 0 ? undefined : { serial: day, style: dateStyle };
  }
  const separator = text.charCodeAt(10);
  if (separator !== space && separator !== letterT) return undefined;
  if (text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return undefined;
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  if (!(hour < 24 && minute < 60 && second < 60)) return undefined;
  const day = daySerial(text.slice(0, 10));
  if (day < 0) return undefined;
  const serial = day + ((hour * 60 + minute) * 60 + second) / 86_400;
  return { serial, style: dateTimeStyle(text.charAt(10)) };
}

function daySerial(date: string): number {
  let day = rememberedDays.get(date);
  if (day === undefined) {
    day = isoDate.test(date) ? computeDay(date) : -1;
    if (rememberedDays.size < rememberedMax) rememberedDays.set(date, day);
  }
  return day;
}

function computeDay(date: string): number {
  // 2023-02-30 would roll over.
  const rolled = new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date;
  const serial = rolled ? -1 : (serialOfIso(date, false) ?? -1);
  return serial < serialMin ? -1 : serial;
}

/** NaN for what is no digit. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - zero, text.charCodeAt(at + 1) - zero];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * True for a text that Excel would take for something else once somebody edits its cell: a
 * formula (`=`, `+`, `-`, `@`), a number, a date. A quote prefix keeps it a text.
 */
export function needsGuard(text: string): boolean {
  const code = text.charCodeAt(0);
  if (code >= zero && code <= nine) return true;
  return "=+-@.'\t\r".includes(text.charAt(0));
}
