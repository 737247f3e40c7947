import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { contenders } from './contenders.ts';

/** What a process of the benchmark is told to do. */
export interface Order {
  readonly contender: string;
  readonly connection: pg.ClientConfig;
  readonly keys: readonly string[];
  readonly perMinute: number;
  readonly inFlight: number;
  /** 0: the next request at once. */
  readonly pauseMs: number;
  readonly seconds: number;
}

/** What it did. */
export interface Outcome {
  readonly requests: number;
  readonly passed: number;
  /** A sample, in milliseconds. */
  readonly tookMs: readonly number[];
}

const samplesMax = 20_000;

/** Plays one server under load: `inFlight` callers, each with its next request after the answer. */
async function carryOut(order: Order): Promise<Outcome> {
  const contender = await contenders[order.contender]?.(order.connection);
  if (contender === undefined) throw new Error(`no contender ${order.contender}`);
  const tookMs: number[] = [];
  let [requests, passed] = [0, 0];
  // Warms connection and plan.
  await contender.consume(`warm-up ${process.pid}`, 1_000_000);
  const endMs = performance.now() + order.seconds * 1_000;
  const work = async (): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs; nowMs = performance.now()) {
      const key = order.keys[requests++ % order.keys.length] ?? '';
      if (await contender.consume(key, order.perMinute)) passed += 1;
      if (requests % 7 === 0 && tookMs.length < samplesMax) tookMs.push(performance.now() - nowMs);
      if (order.pauseMs > 0) await sleep(order.pauseMs);
      // Who answers from memory would otherwise let nothing else happen.
      else if (requests % 64 === 0) await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: order.inFlight }, work));
  await contender.close();
  return { requests, passed, tookMs };
}

process.on('message', (order) => {
  void carryOut(order as Order).then((outcome) => {
    process.send?.(outcome, () => process.disconnect());
  });
});
