/**
 * What a run came to. Added up over its parts and printed as the last line, in the one form that
 * people and CI read.
 *
 * @typedef {{ passed: number, failed: number }} Tally
 */

/** @param {readonly Tally[]} tallies @returns {Tally} */
export function sum(tallies) {
  return tallies.reduce(
    (total, tally) => ({
      passed: total.passed + tally.passed,
      failed: total.failed + tally.failed,
    }),
    { passed: 0, failed: 0 },
  );
}

/**
 * Prints `N passed, N failed` and answers the exit code; a run in which nothing ran has failed.
 *
 * @param {Tally} tally
 */
export function conclude({ passed, failed }) {
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}
