import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Smaller bodies are in the socket's buffer already, and Node throws them away by itself. */
const smallBodyBytes = 262_144;
const drainBytesMax = 8 * 1_048_576;
const drainMsMax = 3_000;
const silentMsMax = 1_000;

/** Whether a refusal comes while the client is still sending a body of some size. */
export function isBodyOutstanding(raw: IncomingMessage): boolean {
  if (raw.complete || raw.destroyed) return false;
  const length = raw.headers['content-length'];
  if (length !== undefined) return Number(length) > smallBodyBytes;
  return raw.headers['transfer-encoding'] !== undefined;
}

/**
 * Answers, then reads on for a while before the connection is closed. Closed at once, the unread
 * bytes would make the kernel send a reset, which throws away the answer on the client's side.
 */
export function sendAndDrain(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  body: string,
): FastifyReply {
  reply.header('connection', 'close').header('content-length', Buffer.byteLength(body));
  // The client has the whole reply by its length; the stream's end is what closes.
  async function* bodyThenDrain(): AsyncGenerator<string> {
    yield body;
    await drain(raw);
  }
  return reply.send(Readable.from(bodyThenDrain()));
}

function drain(raw: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      silence.refresh();
      bytes += chunk.length;
      if (bytes > drainBytesMax) stop();
    };
    const stop = (): void => {
      clearTimeout(timer);
      clearTimeout(silence);
      raw.off('data', onData).off('end', stop).off('close', stop).pause();
      resolve();
    };
    const timer = setTimeout(stop, drainMsMax);
    const silence = setTimeout(stop, silentMsMax);
    raw.on('error', stop).on('data', onData).on('end', stop).on('close', stop);
    raw.resume();
  });
}
