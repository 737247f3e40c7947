import { describe, expect, it } from 'vitest';
import { firstIdAt, newId } from './ids.ts';

describe('ids', () => {
  it('are unique and sort by the millisecond in which they were made', () => {
    const ids = Array.from({ length: 50_000 }, () => newId('job', 1_764_000_000_000));
    expect(new Set(ids).size).toBe(50_000);
    expect(ids[0]).toMatch(/^job_[0-9a-hjkmnp-tv-z]{26}$/);
    const times = [0, 1, 1_700_000_000_000, 1_764_000_000_000, 1_764_000_000_001, 2 ** 47];
    const made = times.map((time) => newId('job', time));
    expect(made.toSorted()).toEqual(made);
  });

  it('have a lower bound for every moment', () => {
    const time = 1_764_000_000_000;
    expect(firstIdAt('job', time) <= newId('job', time)).toBe(true);
    expect(firstIdAt('job', time) > newId('job', time - 1)).toBe(true);
  });
});
