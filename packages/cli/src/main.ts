import { Interrupted } from './exit-codes.ts';
import { removeUnfinished } from './output-file.ts';
import { runMutate } from './run.ts';

/** Ctrl-C in a terminal can reach us twice at once: directly, and passed on by the launcher. */
const sameSignalMs = 500;
/** Enough to learn a job's id and to cancel it. */
const farewellMs = 12_000;

const interruption = new AbortController();
let interruptedAtMs = 0;

function onSignal(): void {
  const nowMs = performance.now();
  if (!interruption.signal.aborted) {
    interruptedAtMs = nowMs;
    interruption.abort(new Interrupted());
    setTimeout(() => process.exit(130), farewellMs).unref();
  } else if (nowMs - interruptedAtMs > sameSignalMs) {
    process.exit(130);
  }
}

process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
process.on('SIGHUP', onSignal);
process.on('exit', removeUnfinished);
// The reader went away, as in `mutate formats | head`: nobody is left to tell.
process.stdout.on('error', () => process.exit(1));

process.exitCode = await runMutate(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
// A pipe that is still open must not keep us.
process.stdin.destroy();
