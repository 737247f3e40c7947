import { expect, test } from 'vitest';
import { addressMatcher, isAddressRange } from './address-ranges.ts';

test.each(['203.0.113.7', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::1', '::1/128'])(
  '%s is an address or a range',
  (text) => expect(isAddressRange(text)).toBe(true),
);

test.each([
  '',
  '10.0.0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '::1/129',
  'fe80::1%eth0',
  'localhost',
  '10.0.0.0/1e1',
  ' 10.0.0.1',
  '010.0.0.1',
])('%j is neither', (text) => expect(isAddressRange(text)).toBe(false));

test('an address is inside by its range, IPv4 in IPv6 clothes included', () => {
  const isInside = addressMatcher(['10.1.0.0/16', '203.0.113.7', '2001:db8::/32']);
  expect(['10.1.255.255', '203.0.113.7', '::ffff:10.1.2.3', '2001:db8:1::9'].map(isInside)).toEqual(
    [true, true, true, true],
  );
  expect(
    ['10.2.0.0', '203.0.113.8', '::ffff:10.2.0.0', '2001:db9::1', '', 'unknown'].map(isInside),
  ).toEqual([false, false, false, false, false, false]);
});
