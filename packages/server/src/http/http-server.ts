import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { isBodyOutstanding, sendAndDrain } from './drain.ts';
import { pathOf, shownPathOf } from './guard.ts';
import { problemContentType, toAppError, toProblem } from './problem.ts';
import { keptHeaders } from './register-routes.ts';
import { RequestLog } from './request-log.ts';

export interface HttpServerOptions {
  readonly log: FastifyBaseLogger;
  /** Without a slash at its end. A function, because the port is known only after listening. */
  publicUrl(): string;
  /** How many proxies in front of us may be believed about the client's address. */
  readonly trustProxyHops: number;
  /** True while the process drains: new requests are refused with 503. */
  isDraining(): boolean;
}

const jsonBytesMax = 1_048_576;

/** A Fastify server with the conventions of the API: request ids, problem documents, limits. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const hops = options.trustProxyHops;
  const app: FastifyInstance = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    // See RequestLog.
    childLoggerFactory: (log) => log,
    requestIdHeader: false,
    genReqId: () => newId('req', Date.now()),
    trustProxy: hops === 0 ? false : (_address, hop) => hop < hops,
    bodyLimit: jsonBytesMax,
    // A signed link names what it is about.
    routerOptions: { maxParamLength: 250 },
    // Draining answers with our own 503; see isDraining.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      reply.header('request-id', request.id);
      void sendError(options, error, request, reply);
    },
    clientErrorHandler: answerBrokenRequest,
  });
  app.decorateRequest('caller', null);
  app.decorateRequest('claim', null);
  acceptJsonOnly(app);
  // Node would say "continue" before anybody has looked at the credentials.
  app.server.on('checkContinue', (request, response) => {
    app.server.emit('request', request, response);
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('request-id', request.id);
    if (options.isDraining() && !request.url.startsWith('/livez')) {
      reply.header('connection', 'close');
      const message = 'The service is shutting down.';
      done(new AppError('overloaded', message, { retryAfterSeconds: 2 }));
      return;
    }
    done();
  });
  app.setErrorHandler((error, request, reply) => sendError(options, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const message = `There is nothing at ${request.method} ${pathOf(request)}.`;
    return sendError(options, new AppError('not_found', message), request, reply);
  });
  return app;
}

function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'ignore');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Clients that always name a content type send none for a POST without a body.
    if (body === '') done(null);
    else void parse(request, body as string, done);
  });
}

async function sendError(
  options: HttpServerOptions,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const error = toAppError(thrown);
  logError(request, error, thrown);
  const place = {
    publicUrl: options.publicUrl(),
    path: shownPathOf(request),
    requestId: request.id,
  };
  const body = JSON.stringify(toProblem(error, place));
  reply.code(error.status).header('content-type', problemContentType);
  if (error.retryAfterSeconds !== undefined || error.status === 429 || error.status === 503) {
    reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterSeconds ?? 1)));
  }
  await settleClaim(request, reply, { error, thrown }, body);
  return isBodyOutstanding(request.raw) ? sendAndDrain(request, reply, body) : reply.send(body);
}

/**
 * An error that names a job is the result of an admitted one and is kept like a success, as is one
 * that names what an earlier request did; others leave the key free, as does a job that failed by our
 * fault: the next try makes another. After an error of unknown reach the job id stays with the key, and
 * whatever this request is refused for where an earlier one may have made the job.
 */
async function settleClaim(
  request: FastifyRequest,
  reply: FastifyReply,
  { error, thrown }: { error: AppError; thrown: unknown },
  body: string,
): Promise<void> {
  const { claim } = request;
  if (claim?.kind !== 'fresh') return;
  const hasEnded = error.details.job_id !== undefined;
  const isResult = (error.status === 422 && hasEnded) || error.details.carried_out_by !== undefined;
  // A database that was lost answers 503, and may have committed all the same.
  const isUnsure =
    error.isUnsure || error.code === 'internal_error' || !(thrown instanceof AppError);
  try {
    if (isResult) await claim.finish({ status: error.status, headers: keptHeaders(reply), body });
    else if (hasEnded) await claim.drop();
    else if (claim.takenOver || (error.status >= 500 && isUnsure)) await claim.release();
    else await claim.drop();
  } catch (failure) {
    const message = 'an idempotency key could not be given back; it lapses';
    new RequestLog(request.log, request.id).warn({ err: failure }, message);
  }
}

function logError(request: FastifyRequest, error: AppError, thrown: unknown): void {
  const fields = { code: error.code, method: request.method, path: shownPathOf(request) };
  const log = new RequestLog(request.log, request.id);
  if (error.status >= 500) log.error({ ...fields, err: thrown }, error.message);
  else log.debug({ ...fields, err: error.cause }, error.message);
}

/** What does not even parse as HTTP: there is no request, only a socket. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const requestId = newId('req', Date.now());
  const body = JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: 'The request could not be read as HTTP.',
    code: 'invalid_request',
    request_id: requestId,
    retryable: false,
  });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nRequest-Id: ${requestId}\r\n` +
      `Content-Type: ${problemContentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
