export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 0 to 31: the serial 0 is shown as January 0, 1900. */
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** The parts of a date serial, filled anew for each one. Nothing here knows a time zone. */
export class DateParts {
  /** The day's number as for 1900, whatever the workbook counts from; see `dateOf`. */
  number = 0;
  /** Only set where somebody asks `dateOf`, which is most of the work. */
  date: CalendarDate = { year: 1900, month: 1, day: 0, weekday: 6 };
  hour = 0;
  minute = 0;
  second = 0;
  /** Whole units of the rounding asked for. */
  subsecond = 0;
  /** Whole days since the epoch, for elapsed time. */
  days = 0;
}

/** 9999-12-31. */
const serialMax = 2_958_465;
/** Days from 1900-01-00 to 1904-01-01. */
const days1904 = 1462;
/** Excel has a 29 February 1900, for Lotus's sake. */
const phantomLeapDay = 60;
const dayZeroUnix = 25_568;

/**
 * Takes a date serial apart, rounded to units of which a second has `perSecond`.
 *
 * False for what Excel does not show as a date: negative or past the year 9999.
 */
export function fillDateParts(
  parts: DateParts,
  serial: number,
  date1904: boolean,
  perSecond: number,
): boolean {
  let days = Math.floor(serial);
  let units = Math.round((serial - days) * 86_400 * perSecond);
  if (units >= 86_400 * perSecond) {
    units = 0;
    days += 1;
  }
  const number = date1904 ? days + days1904 : days;
  if (!(serial >= 0 && number <= serialMax)) return false;
  // Below 86,400 and below a billion: whole numbers that need no floating point.
  const seconds = Math.floor(units / perSecond) | 0;
  const minutes = (seconds / 60) | 0;
  parts.number = number;
  parts.hour = (minutes / 60) | 0;
  parts.minute = minutes % 60;
  parts.second = seconds - minutes * 60;
  parts.subsecond = (units - seconds * perSecond) | 0;
  parts.days = days;
  return true;
}

/** The calendar's date of a day's number, counted as for 1900. */
export function dateOf(number: number): CalendarDate {
  const weekday = (number + 6) % 7;
  if (number === 0) return { year: 1900, month: 1, day: 0, weekday };
  if (number === phantomLeapDay) return { year: 1900, month: 2, day: 29, weekday };
  const unixDays = (number > phantomLeapDay ? number - 1 : number) - dayZeroUnix;
  return civilDate(unixDays, weekday);
}

/** Gregorian date of a day count since 1970-01-01 (Howard Hinnant, "chrono-compatible dates"). */
function civilDate(unixDays: number, weekday: number): CalendarDate {
  const shifted = unixDays + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    weekday,
  };
}
