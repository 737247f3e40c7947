import type { Contender, Place } from './contender.ts';
import { contenders } from './contenders.ts';
import { type Load, measure, type Measurement } from './load.ts';

/** What a server process of the benchmark is told to do; one thing after the other. */
export type Task = { open: string; place: Place } | { load: Load } | 'close';
export type Reply = { measured: Measurement | null } | { failure: string };

let contender: Contender | undefined;

async function carryOut(task: Task): Promise<Measurement | null> {
  if (task === 'close') {
    await contender?.close();
    return null;
  }
  if ('open' in task) {
    contender = await contenders[task.open]?.open(task.place);
    return null;
  }
  if (contender === undefined) throw new Error('no contender was opened');
  return measure(contender, task.load);
}

process.on('message', (task: Task) => {
  void carryOut(task)
    .then(
      (measured): Reply => ({ measured }),
      (error: unknown): Reply => ({ failure: String(error) }),
    )
    .then((reply) => {
      process.send?.(reply, () => {
        if (task === 'close') process.exit();
      });
    });
});
// The benchmark is gone: nobody waits for an answer.
process.once('disconnect', () => process.exit());
