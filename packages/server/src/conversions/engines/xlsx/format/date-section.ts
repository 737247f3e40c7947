import { DateParts, dateOf, fillDateParts } from './calendar.ts';
import { DateHeads } from './date-heads.ts';
import { nameOf } from './date-names.ts';
import { digitCount, writeDigits } from './digits.ts';
import { quickBytesMax } from './plain-fixed.ts';
import type { QuickWriter } from './plain-fixed.ts';
import type { DateUnit, FormatSection, FormatToken } from './tokens.ts';

/** What Excel shows for a date that it cannot show: the column full of number signs. */
const unshowable = '########';

export interface DateSection {
  readonly render: (serial: number) => string;
  readonly write: QuickWriter | undefined;
}

/** Compiles a section with date or time parts, for date serials. */
export function compileDateSection(section: FormatSection, date1904: boolean): DateSection {
  const { tokens, language } = section;
  const twelveHours = tokens.some(({ kind }) => kind === 'meridiem');
  const digits = roundingDigits(tokens);
  // A span such as `[h]` can be negative; a point in time cannot.
  const signed = tokens.every(({ kind }) => kind === 'literal' || kind === 'elapsed');
  const style = { twelveHours, digits, language };
  const writers = tokens.map((token) => partWriter(token, style));
  const sizeMax = 1 + tokens.reduce((total, token) => total + sizeBytesMax(token), 0);
  const perSecond = 10 ** digits;
  const parts = new DateParts();
  const firstTime = tokens.findIndex((token) => !isOfDay(token));
  const headParts = firstTime < 0 ? tokens.length : firstTime;
  const tailHasDate = tokens
    .slice(headParts)
    .some((token) => token.kind === 'date' && isOfDay(token));
  const head = new DateHeads();
  /** What depends on nothing but the day. */
  const writeHead = (target: Buffer, start: number) => {
    const known = head.write(parts.number, target, start);
    if (known >= 0) return known;
    parts.date = dateOf(parts.number);
    let at = start;
    for (let index = 0; index < headParts; index += 1) {
      at = (writers[index] as PartWriter)(parts, target, at);
    }
    head.remember(parts.number, target, start, at);
    return at;
  };
  const write = (serial: number, target: Buffer) => {
    const isSpan = signed && serial < 0;
    if (!fillDateParts(parts, isSpan ? -serial : serial, date1904, perSecond)) return -1;
    let at = 0;
    if (isSpan) target[at++] = minus;
    if (headParts > 0) at = writeHead(target, at);
    if (tailHasDate) parts.date = dateOf(parts.number);
    for (let index = headParts; index < writers.length; index += 1) {
      at = (writers[index] as PartWriter)(parts, target, at);
    }
    return at;
  };
  const scratch = Buffer.alloc(sizeMax);
  return {
    render: (serial) => {
      const length = write(serial, scratch);
      return length < 0 ? unshowable : scratch.toString('utf8', 0, length);
    },
    write: sizeMax <= quickBytesMax ? write : undefined,
  };
}

/** Whether a part is the same all day long. */
function isOfDay(token: FormatToken): boolean {
  if (token.kind === 'literal') return true;
  return token.kind === 'date' && !['h', 'minute', 's'].includes(token.unit);
}

/** Writes one part as UTF-8 and gives the position after it. */
type PartWriter = (parts: DateParts, target: Buffer, at: number) => number;

interface Style {
  readonly twelveHours: boolean;
  readonly digits: number;
  readonly language: number;
}

const minus = 0x2d;
const zero = 0x30;
/** More than the longest name of a day or month, and than the longest number. */
const nameBytesMax = 64;
const numberBytesMax = 16;

function sizeBytesMax(token: FormatToken): number {
  if (token.kind === 'literal') return Buffer.byteLength(token.text);
  return token.kind === 'date' && token.length > 2 ? nameBytesMax : numberBytesMax;
}

/** Times are rounded to what the section shows of a second; a bare date only against noise. */
function roundingDigits(tokens: readonly FormatToken[]): number {
  let digits = -1;
  for (const token of tokens) {
    if (token.kind === 'subsecond') digits = Math.max(digits, Math.min(token.digits, 9));
    else if (token.kind === 'elapsed') digits = Math.max(digits, 0);
    else if (token.kind === 'date' && ['h', 'minute', 's'].includes(token.unit)) {
      digits = Math.max(digits, 0);
    }
  }
  return digits < 0 ? 4 : digits;
}

function partWriter(token: FormatToken, style: Style): PartWriter {
  if (token.kind === 'literal') return literalWriter(token.text);
  if (token.kind === 'subsecond') return subsecondWriter(token.digits, style.digits);
  if (token.kind === 'date') return datePartWriter(token.unit, token.length, style);
  if (token.kind === 'elapsed') {
    return numberWriter((parts) => elapsedOf(token.unit, parts), token.length);
  }
  if (token.kind !== 'meridiem') return literalWriter('');
  const [am, pm] = [literalWriter(token.am), literalWriter(token.pm)];
  return (parts, target, at) => (parts.hour < 12 ? am : pm)(parts, target, at);
}

function literalWriter(text: string): PartWriter {
  const bytes = Buffer.from(text);
  const [only] = bytes;
  if (only !== undefined && bytes.length === 1) {
    return (_, target, at) => {
      target[at] = only;
      return at + 1;
    };
  }
  return (_, target, at) => {
    for (let index = 0; index < bytes.length; index += 1) {
      target[at + index] = bytes[index] as number;
    }
    return at + bytes.length;
  };
}

function numberWriter(valueOf: (parts: DateParts) => number, length: number): PartWriter {
  const width = Math.min(length, 9);
  if (width === 2) {
    return (parts, target, at) => {
      const value = valueOf(parts);
      if (value > 99) return writeDigits(target, at, value, digitCount(value));
      const tens = (value / 10) | 0;
      target[at] = zero + tens;
      target[at + 1] = zero + value - 10 * tens;
      return at + 2;
    };
  }
  return (parts, target, at) => {
    const value = valueOf(parts);
    if (value > 0x7fff_ffff) return at + target.write(String(value), at, 'latin1');
    return writeDigits(target, at, value, Math.max(width, digitCount(value)));
  };
}

function nameWriter(kind: 'month' | 'weekday', length: number, language: number): PartWriter {
  return ({ date }, target, at) => {
    const index = kind === 'month' ? date.month - 1 : date.weekday;
    return at + target.write(nameOf(kind, length, index, language), at, nameBytesMax, 'utf8');
  };
}

function subsecondWriter(shown: number, rounded: number): PartWriter {
  const divisor = 10 ** (rounded - shown);
  return ({ subsecond }, target, at) => {
    target[at] = 0x2e;
    return writeDigits(target, at + 1, Math.floor(subsecond / divisor), shown);
  };
}

function elapsedOf(unit: 'h' | 'm' | 's', parts: DateParts): number {
  const hours = parts.days * 24 + parts.hour;
  if (unit === 'h') return hours;
  const minutes = hours * 60 + parts.minute;
  return unit === 'm' ? minutes : minutes * 60 + parts.second;
}

function datePartWriter(unit: DateUnit, length: number, style: Style): PartWriter {
  const { language } = style;
  switch (unit) {
    case 'y':
      if (length <= 2) return numberWriter(({ date }) => date.year % 100, 2);
      return numberWriter(({ date }) => date.year, 4);
    case 'e':
      return numberWriter(({ date }) => date.year, 4);
    case 'b':
      if (length <= 2) return numberWriter(({ date }) => (date.year + 543) % 100, 2);
      return numberWriter(({ date }) => date.year + 543, 4);
    case 'm':
      if (length > 2) return nameWriter('month', length, language);
      return numberWriter(({ date }) => date.month, length);
    case 'd':
      if (length > 2) return nameWriter('weekday', length, language);
      return numberWriter(({ date }) => date.day, length);
    case 'h':
      if (!style.twelveHours) return numberWriter(({ hour }) => hour, length);
      return numberWriter(({ hour }) => ((hour + 11) % 12) + 1, length);
    case 'minute':
      return numberWriter(({ minute }) => minute, length);
    case 's':
      return numberWriter(({ second }) => second, length);
    case 'g':
      return literalWriter('');
  }
}
