import { ConnectionError } from './errors.ts';

/**
 * Aborts its signal after `timeoutMs` without a call to `start`. A bound on silence rather than on
 * the whole request, so that a file of any size may take as long as it keeps moving.
 */
export class IdleTimer {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.signal = this.#controller.signal;
  }

  start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const seconds = this.#timeoutMs / 1000;
      const detail = `The server sent and took nothing for ${seconds} s.`;
      this.#controller.abort(new ConnectionError(detail, { code: 'timed_out' }));
    }, this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * The same bytes, with `idle` running only while the caller waits for some, so that a slow reader
 * is not taken for a dead server. `toError` names a failure.
 */
export function readWithIdleTimer(
  body: ReadableStream<Uint8Array>,
  idle: IdleTimer,
  toError: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        idle.start();
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(toError(error));
        } finally {
          idle.stop();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
