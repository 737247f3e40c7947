import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressHeader, invitedHeader, requestIdHeader } from './auth.ts';

/** A request to us as better-auth takes it. */
export function toWebRequest(
  request: FastifyRequest,
  publicUrl: string,
  { body, invited }: { body: unknown; invited: boolean },
): Request {
  const url = `${publicUrl}${request.url}`;
  if (request.method === 'GET') return new Request(url, { headers: headersOf(request) });
  const fields = { ...(body as object | undefined), invitationToken: undefined };
  return toPost(request, url, fields, invited ? { [invitedHeader]: 'yes' } : {});
}

/** What is asked of better-auth on behalf of a request. */
export function toPost(
  request: FastifyRequest,
  url: string,
  body: object,
  more: Record<string, string> = {},
): Request {
  const headers = headersOf(request);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  headers.set('content-type', 'application/json');
  return new Request(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers({ [addressHeader]: request.ip, [requestIdHeader]: request.id });
  for (const name of ['cookie', 'user-agent'] as const) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** better-auth's answer as ours. */
export async function send(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  reply.code(response.status).header('cache-control', 'no-store');
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) reply.header('set-cookie', cookies);
  const location = response.headers.get('location');
  if (location !== null) reply.header('location', location);
  const text = await response.text();
  if (text === '') return reply.send();
  return reply.type('application/json; charset=utf-8').send(withoutToken(text));
}

/** The session's token is in a cookie that scripts cannot read; it must not be in a body either. */
function withoutToken(text: string): string {
  const hidden = (name: string, value: unknown) => (name === 'token' ? undefined : value);
  return JSON.stringify(JSON.parse(text, hidden));
}
