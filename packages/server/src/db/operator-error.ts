/**
 * A failure that only the operator can mend: the message says what is wrong and what to do, and
 * is shown without a stack. It never reaches a client.
 */
export class OperatorError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OperatorError';
  }
}
