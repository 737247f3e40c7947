import { completeCallOf, newAdmitCall } from './calls.ts';
import type { Contender } from './contender.ts';

export interface Load {
  readonly organizationIds: readonly string[];
  readonly inFlight: number;
  readonly seconds: number;
}

export interface Measurement {
  /** Admissions that were also completed. */
  readonly pairs: number;
  readonly seconds: number;
  /** How long admissions took, in milliseconds: all, or an even sample. */
  readonly admitMs: readonly number[];
}

const samplesMax = 5_000;

/**
 * Keeps `inFlight` callers busy, each admitting a conversion and completing it at once, over the
 * organizations in turn. A closed loop in this process, as the server's own requests would be.
 * Rejects with the first failure of a call, when all callers have ended.
 */
export async function measure(contender: Contender, load: Load): Promise<Measurement> {
  const { organizationIds, inFlight, seconds } = load;
  const admitMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let turn = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const call = newAdmitCall(organizationIds[turn++ % organizationIds.length] ?? '');
      const beforeMs = performance.now();
      await contender.admit(call);
      admitMs.push(performance.now() - beforeMs);
      await contender.complete(completeCallOf(call));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: inFlight }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const every = Math.ceil(admitMs.length / samplesMax);
  return {
    pairs: admitMs.length,
    seconds: (performance.now() - startMs) / 1_000,
    admitMs: admitMs.filter((_, index) => index % every === 0),
  };
}

/** What several processes measured at the same time, as one. */
export function together(parts: readonly Measurement[]): Measurement {
  return {
    pairs: parts.reduce((sum, one) => sum + one.pairs, 0),
    seconds: Math.max(...parts.map((one) => one.seconds)),
    admitMs: parts.flatMap((one) => one.admitMs),
  };
}

/** The value in the middle of an unsorted list. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that share of an unsorted list lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
