import { expect, it } from 'vitest';
import { proveFaults } from './prove-faults.ts';
import { proveLostCommits } from './prove-lost-commits.ts';

it('a kill -9 of the server or of PostgreSQL under load loses and doubles nothing', async () => {
  const { kills, statuses } = await proveFaults({ shape: 'all', seed: 20_261_123, kills: 2 });
  expect(kills.map((kill) => kill.victim)).toEqual(['server', 'postgres']);
  expect(statuses[201] ?? 0).toBeGreaterThan(0);
  expect(statuses[202] ?? 0).toBeGreaterThan(0);
}, 180_000);

it('a kill -9 of a worker beside its server loses and doubles nothing', async () => {
  const { kills } = await proveFaults({
    shape: 'split',
    seed: 20_261_124,
    kills: 1,
    victims: ['worker'],
  });
  expect(kills.map((kill) => kill.victim)).toEqual(['worker']);
}, 180_000);

it('an admission that PostgreSQL is killed right after is there once, kept or made again', async () => {
  const { kills } = await proveLostCommits(1);
  // Whether one was lost is chance: something else may have flushed the log (docs/proof.md).
  expect(kills).toBe(3);
}, 180_000);
