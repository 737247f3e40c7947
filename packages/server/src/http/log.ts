import { pino } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';

/** What must never be read in a log, wherever it turns up in what is logged. */
const secretPaths = [
  'authorization',
  'cookie',
  'set-cookie',
  'key',
  'api_key',
  'password',
  'token',
].flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** The process's log: JSON lines, secrets blotted out. */
export function createLog(level: Level | 'silent', destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: { paths: secretPaths, censor: '[redacted]' },
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
