import { describe, expect, test } from 'vitest';
import { formatMinor, parseMajor, toMajor } from './format.ts';

describe('money goes by the payment provider, not by the browser', () => {
  test.each([
    [1900, 'usd', '$19.00', '19.00'],
    [2900, 'jpy', '¥2,900', '2900'],
    [10_000, 'kwd', 'KWD 10.000', '10.000'],
    [1900, 'isk', 'ISK 19.00', '19.00'],
    [-334, 'eur', '-€3.34', '-3.34'],
  ])('%i %s', (minor, currency, shown, typed) => {
    expect(formatMinor(minor, currency).replaceAll(/\s/g, ' ')).toBe(shown);
    expect(toMajor(minor, currency)).toBe(typed);
  });
});

describe('what is typed becomes minor units exactly, or nothing', () => {
  test.each([
    ['19', 'usd', 1900],
    ['19.9', 'usd', 1990],
    [' 0.07 ', 'usd', 7],
    ['1.005', 'usd', null],
    ['2900', 'jpy', 2900],
    ['2900.5', 'jpy', null],
    ['10.001', 'kwd', 10_001],
    ['90071992547.41', 'usd', 9_007_199_254_741],
    ['', 'usd', null],
    ['-1', 'usd', null],
    ['1e3', 'usd', null],
    ['1,000', 'usd', null],
  ])('%j %s', (text, currency, minor) => {
    expect(parseMajor(text, currency)).toBe(minor);
  });
});
