import { expect, test } from 'vitest';
import { uniqueNames } from './unique-names.ts';

test.each([
  ['../../etc/passwd', '__.._etc_passwd'],
  ['/etc/passwd', '_etc_passwd'],
  ['C:\\temp\\x.csv', 'C__temp_x.csv'],
  ['a\0b\r\nc.csv', 'a_b__c.csv'],
  ['.htaccess', '_htaccess'],
  ['...', '_'],
  ['con.csv', '_con.csv'],
  ['LPT1', '_LPT1'],
  ['console.csv', 'console.csv'],
  ['name. ', 'name'],
  ['', 'output'],
  ['results.json', 'results (2).json'],
  ['Menü 日本.csv', 'Menü 日本.csv'],
])('%j becomes a name for any folder', (name, safe) => {
  expect(uniqueNames([name], ['results.json'])).toEqual([safe]);
});

test('no two are the same, also where they differ by case or were numbered before', () => {
  const names = ['a.csv', 'A.csv', 'a (2).csv', 'a.csv', 'a', 'a'];
  const unique = uniqueNames(names, []);
  expect(unique).toEqual(['a.csv', 'A (2).csv', 'a (2) (2).csv', 'a (3).csv', 'a', 'a (2)']);
  expect(new Set(unique.map((name) => name.toLowerCase())).size).toBe(names.length);
});

test('none has more than the 255 bytes that a file system takes, numbered or not', () => {
  const long = `${'日'.repeat(90)}.csv`;
  const unique = uniqueNames([long, long, 'x'.repeat(300)], []);
  expect(unique).toEqual([`${'日'.repeat(83)}.csv`, `${'日'.repeat(82)} (2).csv`, 'x'.repeat(255)]);
});
