import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { ContenderKind, Place } from './contender.ts';
import { type Load, measure, type Measurement, together } from './load.ts';
import type { Reply, Task } from './server-process.ts';

/** A contender in one or several server processes at once, the load split over them. */
export interface Players {
  measure(load: Load): Promise<Measurement>;
  close(): Promise<void>;
}

/** One process: this one. More: children, each with connections and a batcher of its own. */
export async function openPlayers(
  name: string,
  kind: ContenderKind,
  place: Place,
  processes: number,
): Promise<Players> {
  if (processes === 1) {
    const contender = await kind.open(place);
    return { measure: (load) => measure(contender, load), close: () => contender.close() };
  }
  const children = Array.from({ length: processes }, () =>
    fork(path.join(import.meta.dirname, 'server-process.ts'), { serialization: 'advanced' }),
  );
  const ask = (task: Task) => Promise.all(children.map((child) => answerOf(child, task)));
  await ask({ open: name, place });
  return {
    measure: async (load) => {
      const inFlight = Math.ceil(load.inFlight / processes);
      return together((await ask({ load: { ...load, inFlight } })).filter((one) => one !== null));
    },
    close: async () => {
      const ended = children.map((child) => once(child, 'exit'));
      await ask('close');
      await Promise.all(ended);
    },
  };
}

async function answerOf(child: ChildProcess, task: Task): Promise<Measurement | null> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(() => {
    throw new Error('a server process ended and told nothing');
  });
  ended.catch(() => undefined);
  const answered = once(child, 'message', { signal: over.signal });
  child.send(task);
  try {
    const [reply] = (await Promise.race([answered, ended])) as [Reply];
    if ('failure' in reply) throw new Error(reply.failure);
    return reply.measured;
  } finally {
    over.abort();
  }
}
