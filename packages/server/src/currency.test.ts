import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatMoney } from '../../cli/src/format.ts';
import { minorDigits as sdkDigits } from '../../sdk/src/currency.ts';
import { minorDigits, minorStep, showMinor, showPrice } from './currency.ts';
import { sql } from './db/sql.ts';
import { createTestDatabase, type TestDatabase } from './test/database.ts';

const currencies = Intl.supportedValuesOf('currency').map((code) => code.toLowerCase());
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

test('the server, the SDK and the command line count minor units as the database does', async () => {
  const rows = await database.db.query<{ currency: string; digits: number }>(
    sql`SELECT currency, minor_unit_exponent(currency) AS digits
      FROM unnest(${currencies}::text[]) AS currency`,
  );
  expect(rows.length).toBeGreaterThan(100);
  for (const { currency, digits } of rows) {
    const shown = digits === 0 ? '9' : `0.${'9'.padStart(digits, '0')}`;
    expect({
      currency,
      server: minorDigits(currency),
      sdk: sdkDigits(currency),
      cli: formatMoney(9, currency),
      text: showMinor(9, currency),
    }).toEqual({
      currency,
      server: digits,
      sdk: digits,
      cli: `${currency.toUpperCase()} ${shown}`,
      text: `${shown} ${currency.toUpperCase()}`,
    });
  }
});

test('the smallest step of an amount is the one the database rounds to', async () => {
  const rows = await database.db.query<{ currency: string; step: number }>(
    sql`SELECT currency, min(round_to_minor(amount, currency))::integer AS step
      FROM unnest(${currencies}::text[]) AS currency, unnest('{0.005, 0.5}'::numeric[]) AS amount
      WHERE round_to_minor(amount, currency) > 0 GROUP BY currency`,
  );
  expect(rows).toHaveLength(currencies.length);
  for (const { currency, step } of rows) {
    expect([currency, minorStep(currency)]).toEqual([currency, step]);
  }
});

test.each([
  [3_394, 'usd', '33.94 USD'],
  [123_450, 'huf', '1,234.50 HUF'],
  [2_900, 'jpy', '2,900 JPY'],
  [490, 'kwd', '0.490 KWD'],
  [-50, 'eur', '−0.50 EUR'],
])('%i %s is shown as %s', (minor, currency, shown) => {
  expect(showMinor(minor, currency)).toBe(shown);
});

test.each([
  ['0.004', 'usd', '0.004 USD'],
  ['1', 'usd', '1.00 USD'],
  ['0.5', 'jpy', '0.5 JPY'],
  ['1234.000000000001', 'kwd', '1,234.000000000001 KWD'],
])('the price %s %s is shown as %s', (amount, currency, shown) => {
  expect(showPrice(amount, currency)).toBe(shown);
});
