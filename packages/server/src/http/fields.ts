import { z } from 'zod';

/** What fields of several bodies must be, in the same words. */

export const timeField = z.iso.datetime({
  offset: true,
  error: 'must be an RFC 3339 time such as "2027-01-31T00:00:00Z"',
});

export const currencyField = z
  .string()
  .regex(/^[a-z]{3}$/, 'must be a currency code of three small letters such as "usd"');

/** The type that conversions are counted under. */
export const conversionTypeField = z
  .string()
  .regex(/^[A-Z0-9_]{1,64}$/, 'must be 1 to 64 of A-Z, 0-9 and _, such as "XLSX_TO_CSV"');

/** An exact amount in major units. */
export const decimalField = z
  .string('must be a decimal in a text, such as "0.004"')
  .regex(
    /^\d{1,12}(\.\d{1,12})?$/,
    'must be a decimal such as "0.004", not negative, with at most 12 digits after the point',
  );

/** Whatever is kept as PostgreSQL's `integer`. */
export const integerMax = 2_147_483_647;

/** A text of one line. */
export const oneLine = z
  .string()
  .trim()
  .regex(/^\P{Cc}*$/u, 'must not contain control characters');
