import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A request with its body read; the same for the API, the control API and the pages. */
export interface HttpRequest {
  readonly verb: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Text as it is, bytes as they are, anything else as JSON. */
  readonly body: unknown;
  readonly cut?: boolean;
}

const bodyBytesMax = 1_048_576;
/** Never: whoever ends an idle connection first must not be the one who is being asked. */
const keepAliveTimeout = 0;

/** An HTTP server that hands whole requests to `answer`. */
export function createHttp(
  answer: (request: HttpRequest) => Promise<HttpReply>,
  log: (line: string) => void,
): Server {
  return createServer({ keepAliveTimeout }, (incoming, response) => {
    handle(incoming, answer)
      .then((reply) => send(response, reply))
      .catch((error: unknown) => {
        log(error instanceof Error ? (error.stack ?? error.message) : String(error));
        response.destroy();
      });
  });
}

async function handle(
  incoming: IncomingMessage,
  answer: (request: HttpRequest) => Promise<HttpReply>,
): Promise<HttpReply> {
  const body = await readBody(incoming);
  if (body === undefined) {
    const error = { type: 'invalid_request_error', message: 'The request body is over 1 MB.' };
    return { status: 413, headers: { connection: 'close' }, body: { error } };
  }
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  return answer({
    verb: incoming.method ?? 'GET',
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    body,
    headers: incoming.headers,
  });
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, reply: HttpReply): void {
  if (reply.cut === true) {
    response.socket?.destroy();
    return;
  }
  const isPlain = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
  response.writeHead(reply.status, {
    ...(isPlain ? {} : { 'content-type': 'application/json' }),
    ...reply.headers,
  });
  response.end(isPlain ? reply.body : JSON.stringify(reply.body, null, 2));
}
