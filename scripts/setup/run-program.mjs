import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** A terminal and npm both pass Ctrl-C on; signals closer together than this count as one. */
const repeatedSignalMs = 1000;

/**
 * Runs a program to its end, passes SIGINT, SIGTERM and SIGHUP on to it, and answers its exit code
 * (128 + the signal's number where a signal ended it, as a shell does).
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @param {(child: import('node:child_process').ChildProcess) => void} [onStart]
 * @returns {Promise<number>}
 */
export function runProgram(command, args, options = {}, onStart) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    const stopPassingOn = passSignalsOn(child);
    child.once('error', (error) => {
      stopPassingOn();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopPassingOn();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
    onStart?.(child);
  });
}

/** @param {import('node:child_process').ChildProcess} child */
function passSignalsOn(child) {
  let lastMs = -repeatedSignalMs;
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    if (performance.now() - lastMs < repeatedSignalMs) return;
    lastMs = performance.now();
    // A closed terminal means "stop in good order" to a server, not "read your settings again".
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, passOn);
  return () => {
    for (const signal of signals) process.off(signal, passOn);
  };
}
