/** Serialization, deadlock, connection, shutdown, start-up, too many connections. */
const transientStates = /^(?:40001|40P01|55P03|08...|57P0[123]|53300)$/;
const transientSystemCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Whether the same statement may succeed when it is simply sent again. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') {
    // The server's socket is gone while it starts again; a file that is not there stays away.
    if (error.code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
    return transientStates.test(error.code) || transientSystemCodes.has(error.code);
  }
  return /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded)/i.test(
    error.message,
  );
}
