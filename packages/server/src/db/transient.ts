/** Serialization, deadlock, connection, shutdown, start-up, too many connections. */
const transientStates = /^(?:40001|40P01|55P03|08...|57P0[123]|53300)$/;
const transientSystemCodes = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT']);

const lostMessages =
  /^(?:Connection terminated|Client has encountered a connection error|Query read timeout|timeout exceeded)/i;

/** Whether the same statement may succeed when it is simply sent again. */
export function isTransient(error: unknown): boolean {
  if (isConnectionLost(error)) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? transientStates.test(error.code)
    : false;
}

/** Whether the way to the database broke: what was under way may have been committed, or not. */
export function isConnectionLost(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') {
    // The server's socket is gone while it starts again; a file that is not there stays away.
    if (error.code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
    return transientSystemCodes.has(error.code);
  }
  return lostMessages.test(error.message);
}
