import { dateOf, DateParts, fillDateParts } from './format/calendar.ts';

const msPerDay = 86_400_000;
/** The Unix day of the serial 0, once the phantom leap day of 1900 is behind. */
const serialZeroUnixDays = -25_569;
const days1904 = 1462;
const isoDateTime =
  /^(?:(\d{4})-(\d\d)-(\d\d))?(?:T?(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?(?:Z|[+-]\d\d:?\d\d)?$/;

/**
 * The date serial of an ISO 8601 date, time or both, as strict workbooks store them; undefined for
 * anything else. A zone is not applied: a cell holds wall clock time.
 */
export function serialOfIso(text: string, date1904: boolean): number | undefined {
  const match = isoDateTime.exec(text.trim());
  if (match === null || text.trim() === '') return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = (Number(hour ?? 0) * 60 + Number(minute ?? 0)) * 60 + Number(second ?? 0);
  if (year === undefined) return time / 86_400;
  const unixDays = Date.UTC(Number(year), Number(month) - 1, Number(day)) / msPerDay;
  const serial = unixDays - serialZeroUnixDays;
  const days = serial <= 60 ? serial - 1 : serial;
  return (date1904 ? serial - days1904 : days) + time / 86_400;
}

/**
 * A date serial in ISO 8601: a date, a date with time, or (below one day) a time; parts of a
 * second only where there are some. Undefined for what Excel has no date for.
 */
export function isoOfSerial(serial: number, date1904: boolean): string | undefined {
  const parts = new DateParts();
  if (!fillDateParts(parts, serial, date1904, 1000)) return undefined;
  const { year, month, day } = dateOf(parts.number);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const milliseconds = parts.subsecond === 0 ? '' : `.${pad(parts.subsecond, 3)}`;
  const clock = `${pad(parts.hour, 2)}:${pad(parts.minute, 2)}:${pad(parts.second, 2)}`;
  const time = `${clock}${milliseconds}`;
  if (parts.days === 0 && !date1904) return time;
  return time === '00:00:00' ? date : `${date}T${time}`;
}

/** A span of days as an ISO 8601 duration: `PT36H5M`. */
export function isoDurationOf(serial: number): string {
  const total = Math.round(Math.abs(serial) * 86_400_000) / 1000;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const seconds = Math.round((total - hours * 3600 - minutes * 60) * 1000) / 1000;
  const sign = serial < 0 ? '-' : '';
  const parts = [hours && `${hours}H`, minutes && `${minutes}M`, seconds && `${seconds}S`];
  return `${sign}PT${parts.filter(Boolean).join('') || '0S'}`;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
