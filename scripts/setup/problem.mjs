/** Something the person at the terminal can mend: printed without a stack trace. */
export class Problem extends Error {}

/**
 * Runs a command's main function and makes its number the exit code. A `Problem` is printed as plain
 * text with exit code 1; anything else is a defect of ours and keeps its stack trace.
 *
 * @param {() => Promise<number>} main
 */
export async function runCommand(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
