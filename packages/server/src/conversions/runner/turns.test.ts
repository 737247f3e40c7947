import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const { signal } = new AbortController();

function newTurns(turnsMax: number, tasksOfOwnerMax: number, queueLengthMax = 8): Turns {
  return new Turns({ turnsMax, tasksOfOwnerMax, queueLengthMax, queueWaitMsMax: 60_000 });
}

/** Takes turns, and notes in which order they came. */
function takeAll(turns: Turns, owners: readonly string[]): string[] {
  const begun: string[] = [];
  for (const owner of owners) {
    void turns.take(signal, owner).then(
      () => begun.push(owner),
      () => {},
    );
  }
  return begun;
}

/** Until everything that was allowed to begin has begun. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a turn goes to the owner with the fewest tasks, not to who came first', async () => {
  const turns = newTurns(3, 9);
  const begun = takeAll(turns, ['a', 'a', 'a', 'a', 'b', 'c']);
  await settled();
  expect(begun).toEqual(['a', 'a', 'a']);
  for (let ended = 0; ended < 2; ended += 1) {
    turns.leave('a');
    turns.giveBack();
  }
  await settled();
  expect(begun).toEqual(['a', 'a', 'a', 'b', 'c']);
  turns.close();
});

test('an owner whose long tasks have lent their turns cannot take the last place', async () => {
  const turns = newTurns(2, 3);
  const begun = takeAll(turns, ['a', 'a', 'a', 'a']);
  await settled();
  turns.giveBack();
  turns.giveBack();
  await settled();
  expect(begun).toEqual(['a', 'a', 'a']);
  await turns.take(signal, 'b');
  expect(turns).toMatchObject({ taken: 2, queued: 1 });
  turns.leave('b');
  turns.giveBack();
  await settled();
  expect(begun).toHaveLength(3);
  // One of its own has ended, long after it lent its turn.
  turns.leave('a');
  await settled();
  expect(begun).toHaveLength(4);
});

test('one owner cannot fill the queue', async () => {
  const turns = newTurns(1, 1, 4);
  await turns.take(signal, 'a');
  takeAll(turns, ['a', 'a']);
  await expect(turns.take(signal, 'a')).rejects.toMatchObject({ code: 'overloaded' });
  const begun = takeAll(turns, ['b']);
  turns.leave('a');
  turns.giveBack();
  await settled();
  expect(turns.queued).toBe(2);
  expect(begun).toEqual([]);
  turns.close();
});
