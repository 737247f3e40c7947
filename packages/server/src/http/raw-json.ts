import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import { parseInput } from './validation.ts';

const bodyBytesMax = 1_048_576;
const bodyMsMax = 60_000;

/** Whether a request says that its body is JSON. */
export function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(?:;|$)/i.test(contentType ?? '');
}

/**
 * The JSON body of a route that reads its body itself because it also takes forms.
 *
 * @throws AppError `invalid_request`
 */
export async function readJson<Schema extends z.ZodType>(
  request: FastifyRequest,
  reply: FastifyReply,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (request.headers.expect !== undefined) reply.raw.writeContinue();
  const text = await readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError('invalid_request', 'The body is not JSON.');
  }
  return parseInput(schema, 'body', value) as z.output<Schema>;
}

async function readText({ raw }: FastifyRequest): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const late = setTimeout(() => raw.destroy(), bodyMsMax);
  try {
    // Left open at the bound: whoever sends more must still hear that it is too much.
    const sent = raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const piece of sent) {
      bytes += piece.length;
      if (bytes > bodyBytesMax) break;
      pieces.push(piece);
    }
  } catch (error) {
    throw new AppError('invalid_request', 'The body did not arrive whole.', { cause: error });
  } finally {
    clearTimeout(late);
  }
  if (bytes > bodyBytesMax) {
    throw new AppError('invalid_request', `The body must have at most ${bodyBytesMax} bytes.`);
  }
  return Buffer.concat(pieces).toString('utf8');
}
