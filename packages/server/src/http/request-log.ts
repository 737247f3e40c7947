import type { FastifyBaseLogger } from 'fastify';
import type { Log } from '../context.ts';

/**
 * The process's log with a request's id in each line. Not a child logger: to make one, its bindings
 * are serialized and redacted, and most requests log nothing.
 */
export class RequestLog implements Log {
  readonly #log: FastifyBaseLogger;
  readonly #requestId: string;

  constructor(log: FastifyBaseLogger, requestId: string) {
    this.#log = log;
    this.#requestId = requestId;
  }

  debug(fields: object, message?: string): void {
    this.#log.debug({ request_id: this.#requestId, ...fields }, message);
  }

  info(fields: object, message?: string): void {
    this.#log.info({ request_id: this.#requestId, ...fields }, message);
  }

  warn(fields: object, message?: string): void {
    this.#log.warn({ request_id: this.#requestId, ...fields }, message);
  }

  error(fields: object, message?: string): void {
    this.#log.error({ request_id: this.#requestId, ...fields }, message);
  }
}
