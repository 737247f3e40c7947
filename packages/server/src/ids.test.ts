import { expect, test } from 'vitest';
import { firstIdAt, newId, timeOfId } from './ids.ts';

test('an id tells when it was made, and only one of its kind does', () => {
  const atMs = Date.parse('2026-11-23T10:00:00.123Z');
  expect(timeOfId('req', newId('req', atMs))).toBe(atMs);
  expect(timeOfId('job', firstIdAt('job', atMs))).toBe(atMs);
  expect(timeOfId('req', firstIdAt('req', 2 ** 48 - 1))).toBe(2 ** 48 - 1);
  for (const id of ['', 'req_', 'req_1', newId('job', atMs), `${newId('req', atMs)}0`]) {
    expect(timeOfId('req', id)).toBe(null);
  }
});
