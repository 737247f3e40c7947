import { z } from 'zod';
import { errorTable } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Route } from './route.ts';

/** A reply as `app.inject` gives it. */
interface WireReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Every problem document has these members; some codes have more. */
export const problemSchema = z.looseObject({
  type: z.string().describe('The address of the entry in the error reference.'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('What is wrong here, and what to do about it.'),
  instance: z.string().describe('The path of the request.'),
  code: z.string(),
  request_id: z.string(),
  retryable: z.boolean().describe('Whether the same request may succeed later.'),
});

/**
 * Holds a reply against what its route promises: the schema of its status, or a problem document
 * with a code of that status. For tests: on the wire nothing is checked again.
 *
 * @returns the body as its schema gives it
 */
export function expectWire(route: Route, reply: WireReply): unknown {
  const { statusCode: status } = reply;
  if (status >= 400) return expectProblem(reply);
  const spec = route.responses[status];
  if (spec === undefined) throw new Error(`${route.operationId} does not promise a ${status}`);
  if (spec === null) return reply.body === '' ? null : fail(route, 'a body where none is promised');
  if (!('safeParse' in spec)) return reply.body;
  const parsed = spec.safeParse(JSON.parse(reply.body));
  return parsed.success ? parsed.data : fail(route, z.prettifyError(parsed.error));
}

function expectProblem(reply: WireReply): z.infer<typeof problemSchema> {
  const type = String(reply.headers['content-type']);
  if (!type.startsWith('application/problem+json')) throw new Error(`a problem came as ${type}`);
  const problem = problemSchema.parse(JSON.parse(reply.body));
  const [status] = errorTable[problem.code as ErrorCode];
  if (status !== reply.statusCode || problem.status !== status) {
    throw new Error(`${problem.code} came with the status ${reply.statusCode}`);
  }
  return problem;
}

function fail(route: Route, why: string): never {
  throw new Error(`${route.operationId} broke its promise: ${why}`);
}
