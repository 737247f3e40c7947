import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.ts';

class Failure extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`failed with ${code}`);
    this.code = code;
  }
}

describe('the batcher', () => {
  it('gives each caller its own result and sends what gathers as one batch', async () => {
    const sizes: number[] = [];
    const batcher = new Batcher<number, number>({
      callsMax: 100,
      attemptsMax: 1,
      send: async (calls) => {
        sizes.push(calls.length);
        await sleep(5);
        return calls.map((call) => call * 2);
      },
    });
    const first = batcher.call(0);
    await sleep(1);
    const rest = Array.from({ length: 250 }, (_, index) => batcher.call(index));
    expect(await first).toBe(0);
    expect(await Promise.all(rest)).toEqual(Array.from({ length: 250 }, (_, index) => index * 2));
    expect(sizes).toEqual([1, 100, 100, 50]);
  });

  it('sends a batch again, whole, after a passing failure', async () => {
    const attempts: number[] = [];
    const batcher = new Batcher<string, string>({
      callsMax: 10,
      attemptsMax: 5,
      send: async (calls, attempt) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Failure('40P01');
        return [...calls];
      },
    });
    expect(await Promise.all([batcher.call('a'), batcher.call('b')])).toEqual(['a', 'b']);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('lets only the poisonous call of a batch fail', async () => {
    const batcher = new Batcher<number, number>({
      callsMax: 64,
      attemptsMax: 3,
      send: async (calls) => {
        if (calls.includes(13)) throw new Failure('22P02');
        return [...calls];
      },
    });
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => batcher.call(index)),
    );
    const rejected = results.flatMap((result, index) =>
      result.status === 'rejected' ? [index] : [],
    );
    expect(rejected).toEqual([13]);
  });

  it('goes on with the next batch after one that failed for good', async () => {
    let broken = true;
    const batcher = new Batcher<number, number>({
      callsMax: 2,
      attemptsMax: 2,
      send: async (calls) => {
        if (broken) throw new Failure('08006');
        return [...calls];
      },
    });
    await expect(batcher.call(1)).rejects.toThrow('08006');
    broken = false;
    expect(await batcher.call(2)).toBe(2);
    await batcher.settled();
  });
});
