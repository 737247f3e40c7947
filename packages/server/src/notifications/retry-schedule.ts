/**
 * How long to wait after an attempt, or null where there is no further one. A tenth of chance either
 * way, so that what failed together does not come back together.
 *
 * @param schedule seconds after the first attempt, the second, …
 * @param attempts that were made
 */
export function retrySeconds(
  schedule: readonly number[],
  attempts: number,
  random: () => number = Math.random,
): number | null {
  const seconds = schedule[attempts - 1];
  if (seconds === undefined) return null;
  return Math.round(seconds * (0.9 + 0.2 * random()));
}
