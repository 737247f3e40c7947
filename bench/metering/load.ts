import { completeCallOf, newAdmitCall } from './calls.ts';
import type { Contender } from './contender.ts';

export interface Measurement {
  /** Admissions that were also completed, a second. */
  readonly pairsPerSecond: number;
  /** How long an admission took, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Keeps `inFlight` callers busy, each admitting a conversion and completing it at once, over the
 * organizations in turn. A closed loop in this process, as the server's own requests would be.
 * Rejects with the first failure of a call, when all callers have ended.
 */
export async function measure(
  contender: Contender,
  load: { organizationIds: readonly string[]; inFlight: number; seconds: number },
): Promise<Measurement> {
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
  const tookSeconds = (performance.now() - startMs) / 1_000;
  const sorted = admitMs.toSorted((a, b) => a - b);
  return {
    pairsPerSecond: sorted.length / tookSeconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

/** The value in the middle of an unsorted list. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
