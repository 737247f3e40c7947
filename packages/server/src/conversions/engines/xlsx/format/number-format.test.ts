import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compileFormat } from './number-format.ts';
import { quickBytesMax } from './plain-fixed.ts';

function shown(code: string, value: number, date1904 = false): string {
  return compileFormat(code, date1904).formatNumber(value);
}

describe('numbers', () => {
  test.each([
    ['General', 0, '0'],
    ['General', -1.5, '-1.5'],
    ['General', 1 / 3, '0.333333333'],
    ['General', 1234567.891234, '1234567.891'],
    ['General', 99_999_999_999, '99999999999'],
    ['General', 123_456_789_012, '1.23457E+11'],
    ['General', 99_999_999_999.6, '1E+11'],
    ['General', 1.23456789e22, '1.23457E+22'],
    ['General', 0.00012345, '0.00012345'],
    ['General', 0.000012345678, '1.23457E-05'],
    ['General', 1.2345678e-100, '1.2346E-100'],
    ['', 1.5, '1.5'],
    ['0', -0.5, '-1'],
    ['0.00', 1.005, '1.01'],
    ['0.00', 2.675, '2.68'],
    ['0.000', -2.45e-16, '0.000'],
    ['00000', 42, '00042'],
    ['#,##0', 1_234_567, '1,234,567'],
    ['#,##0.00', -1234.5, '-1,234.50'],
    ['#,###', 0, ''],
    ['#.##', 5, '5.'],
    ['0.0##', 1.25, '1.25'],
    ['?0.0?', 1.5, ' 1.5 '],
    ['0%', 0.125, '13%'],
    ['0.0%', 1, '100.0%'],
    ['#,##0.0,', 1_234_567, '1,234.6'],
    ['0.00,,"M"', 12_345_678, '12.35M'],
    ['0.00E+00', 12_345, '1.23E+04'],
    ['0.00E-00', 0.00012, '1.20E-04'],
    ['##0.0E+0', 12_345, '12.3E+3'],
    ['##0.0E+0', 0.999_999, '1.0E+0'],
    ['(###) ###-####', 5_551_234_567, '(555) 123-4567'],
    ['000-00-0000', 123_456_789, '123-45-6789'],
    ['0', 1e21, '1000000000000000000000'],
  ])('%s shows %d as %s', (code, value, text) => {
    expect(shown(code, value)).toBe(text);
  });

  test.each([
    ['0;(0)', -5, '(5)'],
    ['0;-0;"zero"', 0, 'zero'],
    ['0;;', -5, ''],
    [';;;', 5, ''],
    ['_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', -5, ' $(5.00)'],
    ['_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', 0, ' $-   '],
    ['[Red][<0]0.0;[Blue]0', 2.5, '3'],
    ['[<1]0.00%;[>=10]"many";0', 12, 'many'],
    ['[<1]0.00%;[>=10]"many";0', 5, '5'],
    ['[>100]0;[>50]0.0', 1, '########'],
    ['[$€-407] #,##0.00', 1234.5, '€ 1,234.50'],
    ['"a""b"0', 1, 'ab1'],
    ['\\x0', 1, 'x1'],
    ['@', 1.5, '1.5'],
  ])('section rules: %s shows %d as %s', (code, value, text) => {
    expect(shown(code, value)).toBe(text);
  });

  test.each([
    ['# ?/?', 1.5, '1 1/2'],
    ['# ??/??', 0.3, '  3/10'],
    ['# ?/8', 2.25, '2 2/8'],
    ['# ?/?', 0, '0    '],
    ['# ?/?', 2.96, '3    '],
    ['?/?', 1.5, '3/2'],
    ['# ???/???', Math.PI, '3  16/113'],
    ['# ???????/???????', 1e-9, '0                '],
  ])('fractions: %s shows %d as %s', (code, value, text) => {
    expect(shown(code, value)).toBe(text);
  });

  test('the quick way and the exact way agree wherever the quick one answers', () => {
    const codes = [
      'General',
      '0',
      '0.00',
      '#,##0.0',
      '0%',
      '0.00%',
      '"$"#,##0.00_);[Red]("$"#,##0)',
    ];
    const formats = codes.map((code) => compileFormat(code, false));
    const target = Buffer.alloc(quickBytesMax);
    const numbers = fc.oneof(
      fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
      fc.integer({ min: -1e9, max: 1e9 }).map((cents) => cents / 1000),
    );
    fc.assert(
      fc.property(numbers, fc.constantFrom(...formats), (value, format) => {
        const length = format.writeNumber(value, target);
        const quick = length < 0 ? undefined : target.toString('utf8', 0, length);
        expect(quick ?? format.formatNumber(value)).toBe(format.formatNumber(value));
      }),
      { numRuns: 5000, seed: 1 },
    );
  });
});

describe('dates', () => {
  const noon = 45_000.5; // 2023-03-15

  test.each([
    ['m/d/yy', '3/15/23'],
    ['dd-mmm-yyyy', '15-Mar-2023'],
    ['dddd, mmmm d, yyyy', 'Wednesday, March 15, 2023'],
    ['ddd mmmmm', 'Wed M'],
    ['h:mm AM/PM', '12:00 PM'],
    ['hh:mm:ss.000', '12:00:00.000'],
    ['yyyy-mm-dd\\Thh:mm', '2023-03-15T12:00'],
    ['h "h" mm "min"', '12 h 00 min'],
    ['mm:ss', '00:00'],
    ['e', '2023'],
    ['bbbb', '2566'],
    ['[$-407]d. mmmm yyyy', '15. März 2023'],
    ['[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy', 'Wednesday, March 15, 2023'],
    ['[$-F400]h:mm:ss', '12:00:00 PM'],
    ['[$-409]mmmm', 'March'],
  ])('%s is %s', (code, text) => {
    expect(shown(code, noon)).toBe(text);
  });

  test('times are rounded to what is shown, and carry into the next day', () => {
    expect(shown('h:mm:ss', 0.999_999_9)).toBe('0:00:00');
    expect(shown('yyyy-mm-dd hh:mm', 45_000.999_999_9)).toBe('2023-03-16 00:00');
    expect(shown('mm:ss.0', 59.96 / 86_400)).toBe('01:00.0');
    expect(shown('h:mm', 59 / 86_400)).toBe('0:00');
  });

  test('spans run past a day; a span of one unit may be negative, a date may not', () => {
    expect(shown('[h]:mm:ss', 1.5)).toBe('36:00:00');
    expect(shown('[mm]:ss', 0.5)).toBe('720:00');
    expect(shown('[ss]', 1)).toBe('86400');
    expect(shown('[h]', -1.2)).toBe('-28');
    expect(shown('yyyy', -1)).toBe('########');
    expect(shown('yyyy', 2_958_466)).toBe('########');
  });

  test('the calendar agrees with the proleptic Gregorian one on every day after 1900-03-01', () => {
    const format = compileFormat('yyyy-mm-dd ddd', false);
    const wrong: number[] = [];
    const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
    for (let serial = 61; serial <= 2_958_465; serial += 13) {
      const date = new Date((serial - 25_569) * 86_400_000);
      const text = `${date.toISOString().slice(0, 10)} ${days[date.getUTCDay()] ?? ''}`;
      if (format.formatNumber(serial) !== text) wrong.push(serial);
    }
    expect(wrong).toEqual([]);
  });

  test('a day shown again is the same, whatever other days and formats were shown between', () => {
    const formats = ['yyyy-mm-dd', 'dd/mm/yyyy hh:mm', 'hh:mm dd.mm.yyyy', 'h:mm'].map((code) =>
      compileFormat(code, false),
    );
    const shownAt = (serial: number) => formats.map((format) => format.formatNumber(serial));
    const wrong: number[] = [];
    for (let step = 0; step < 4000; step += 1) {
      const serial = 61 + ((step * 16_384) % 49_152) + (step % 7) + 0.25;
      const iso = new Date((Math.floor(serial) - 25_569) * 86_400_000).toISOString();
      const [year = '', month = '', day = ''] = iso.slice(0, 10).split('-');
      const expected = [
        `${year}-${month}-${day}`,
        `${day}/${month}/${year} 06:00`,
        `06:00 ${day}.${month}.${year}`,
        '6:00',
      ];
      if (shownAt(serial).join() !== expected.join()) wrong.push(serial);
    }
    expect(wrong).toEqual([]);
  });
});

test('texts go through the fourth section, or a last one with @', () => {
  expect(compileFormat('General', false).formatText).toBeUndefined();
  expect(compileFormat('@', false).formatText).toBeUndefined();
  expect(compileFormat('0;0;0;"<"@">"', false).formatText?.('a')).toBe('<a>');
  expect(compileFormat('0;"x"@', false).formatText?.('a')).toBe('xa');
  expect(compileFormat(';;;', false).formatText?.('a')).toBe('');
});

test('no format code makes the compiler throw', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const pieces = fc.constantFrom(
    ...'0#?.,%/@"\\_*[]();:-+EeGgyYmMdDhHsSbB $'.split(''),
    'General',
    'AM/PM',
    '[h]',
    '[$€-407]',
    '[<5]',
    'E+',
    '00',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), finite, (code, value) => {
      const format = compileFormat(code.join(''), false);
      format.writeNumber(value, Buffer.alloc(quickBytesMax));
      format.formatText?.('text');
      expect(format.formatNumber(value)).toBeTypeOf('string');
    }),
    { numRuns: 5000, seed: 1 },
  );
});
