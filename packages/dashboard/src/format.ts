import { minorDigits } from '@mutate/sdk';

/** Numbers, sizes, money and times as people read them. */

const whole = new Intl.NumberFormat('en');

export function formatCount(value: number): string {
  return whole.format(value);
}

/** So many of something, such as `"1 day"` and `"1,200 days"`. */
export function formatMany(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** A limit of a plan or workspace; `unit` follows its number, such as `" MB"`. */
export function formatLimit(limit: number | null, unit = ''): string {
  return limit === null ? 'no limit' : `${formatCount(limit)}${unit}`;
}

/** 1 MB is 1,048,576 bytes, as in the plans' limits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A decimal of major units, such as the price `"0.004"`, with all its digits. */
export function formatAmount(amount: string, currency: string): string {
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    maximumFractionDigits: 12,
  }).format(Number(amount));
}

/** Minor units as money, such as 1900 USD cents as "$19.00". */
export function formatMinor(minor: number, currency: string): string {
  const digits = minorDigits(currency);
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, ...fraction });
  return format.format(minor / 10 ** digits);
}

/** What somebody typed in major units, in minor ones; null where it is no such amount. */
export function parseMajor(text: string, currency: string): number | null {
  const digits = minorDigits(currency);
  const [, units = '', fraction = ''] = /^(\d{1,12})(?:\.(\d*))?$/.exec(text.trim()) ?? [];
  if (units === '' || fraction.length > digits) return null;
  return Number(units + fraction.padEnd(digits, '0'));
}

/** Minor units as somebody would type them: 1900 USD cents as "19.00". */
export function toMajor(minor: number, currency: string): string {
  const digits = minorDigits(currency);
  return (minor / 10 ** digits).toFixed(digits);
}

export function formatDate(time: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone }).format(new Date(time));
}

export function formatTime(time: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone,
  }).format(new Date(time));
}

/** Such as "3 minutes ago" or "in 5 days". */
export function formatAgo(time: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(time) - now) / 1_000);
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const steps = [
    ['second', 60],
    ['minute', 60],
    ['hour', 24],
    ['day', 30],
    ['month', 12],
  ] as const;
  let value = seconds;
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return words.format(value, unit);
    value = Math.trunc(value / size);
  }
  return words.format(value, 'year');
}
