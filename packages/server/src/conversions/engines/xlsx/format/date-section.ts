import { datePartsOf } from './calendar.ts';
import type { DateParts } from './calendar.ts';
import { nameOf } from './date-names.ts';
import type { DateUnit, FormatSection, FormatToken } from './tokens.ts';

/** What Excel shows for a date that it cannot show: the column full of number signs. */
const unshowable = '########';

/** Compiles a section with date or time parts; the result takes a date serial. */
export function compileDateSection(
  section: FormatSection,
  date1904: boolean,
): (serial: number) => string {
  const { tokens, language } = section;
  const twelveHours = tokens.some(({ kind }) => kind === 'meridiem');
  const digits = roundingDigits(tokens);
  // A span such as `[h]` can be negative; a point in time cannot.
  const signed = tokens.every(({ kind }) => kind === 'literal' || kind === 'elapsed');
  return (serial) => {
    const isSpan = signed && serial < 0;
    const parts = datePartsOf(isSpan ? -serial : serial, date1904, digits);
    if (parts === undefined) return unshowable;
    let text = isSpan ? '-' : '';
    for (const token of tokens) text += render(token, parts, { twelveHours, digits, language });
    return text;
  };
}

interface Style {
  readonly twelveHours: boolean;
  readonly digits: number;
  readonly language: number;
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

function render(token: FormatToken, parts: DateParts, style: Style): string {
  switch (token.kind) {
    case 'literal':
      return token.text;
    case 'meridiem':
      return parts.hour < 12 ? token.am : token.pm;
    case 'subsecond': {
      const all = String(parts.subsecond).padStart(style.digits, '0');
      return token.digits === 0 ? '.' : `.${all.slice(0, token.digits)}`;
    }
    case 'elapsed':
      return padded(elapsedOf(token.unit, parts), token.length);
    case 'date':
      return datePart(token.unit, token.length, parts, style);
    default:
      return '';
  }
}

function elapsedOf(unit: 'h' | 'm' | 's', parts: DateParts): number {
  const hours = parts.days * 24 + parts.hour;
  if (unit === 'h') return hours;
  const minutes = hours * 60 + parts.minute;
  return unit === 'm' ? minutes : minutes * 60 + parts.second;
}

function datePart(unit: DateUnit, length: number, parts: DateParts, style: Style): string {
  switch (unit) {
    case 'y':
      return length <= 2 ? padded(parts.year % 100, 2) : padded(parts.year, 4);
    case 'e':
      return padded(parts.year, 4);
    case 'b':
      return length <= 2 ? padded((parts.year + 543) % 100, 2) : padded(parts.year + 543, 4);
    case 'm':
      if (length <= 2) return padded(parts.month, length);
      return nameOf('month', length, parts.month - 1, style.language);
    case 'd':
      if (length <= 2) return padded(parts.day, length);
      return nameOf('weekday', length, parts.weekday, style.language);
    case 'h':
      return padded(style.twelveHours ? ((parts.hour + 11) % 12) + 1 : parts.hour, length);
    case 'minute':
      return padded(parts.minute, length);
    case 's':
      return padded(parts.second, length);
    case 'g':
      return '';
  }
}

function padded(value: number, length: number): string {
  return String(value).padStart(Math.min(length, 9), '0');
}
