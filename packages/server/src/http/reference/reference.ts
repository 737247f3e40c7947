import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import scalar from '@scalar/fastify-api-reference';
import { AppError } from '../../errors.ts';
import { renderErrorPage } from './error-page.ts';
import { buildOpenApi } from './openapi.ts';
import { hashOf, sendPage } from '../page.ts';
import type { Route } from '../route.ts';

export interface ReferenceOptions {
  /** Whether requests would be served: not draining, and the database answers. */
  isReady(): Promise<boolean>;
}

/**
 * What a server answers besides its API and its dashboard: `/openapi.json`, `/docs`, `/docs/errors`, `/livez` and
 * `/readyz`. Nothing of it loads anything from elsewhere.
 */
export function registerReference(
  app: FastifyInstance,
  routes: readonly Route[],
  options: ReferenceOptions,
): void {
  app.get('/livez', (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    if (await options.isReady()) return reply.type('text/plain; charset=utf-8').send('ready\n');
    const message = 'The service is not ready: its database is away, or it is shutting down.';
    throw new AppError('overloaded', message, { retryAfterSeconds: 2 });
  });
  const errorPage = renderErrorPage();
  app.get('/docs/errors', (_request, reply) => sendPage(reply, errorPage));
  const document = JSON.stringify(buildOpenApi(routes));
  app.get('/openapi.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(document),
  );
  app.register(registerScalar);
}

/** The readable reference, from the package's own files and with all that calls home turned off. */
async function registerScalar(scope: FastifyInstance): Promise<void> {
  scope.addHook('onSend', secureReference);
  await scope.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'API reference · Mutate',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      persistAuth: false,
      authentication: { preferredSecurityScheme: 'apiKey' },
      agent: { disabled: true },
      mcp: { disabled: true },
      proxyUrl: '',
    },
  });
}

const compress = promisify(gzip);
/** The one script of the reference, 3.4 MB: compressed once. */
let compressedScript: Promise<Buffer> | undefined;

async function secureReference(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (typeof payload !== 'string') return payload;
  reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  const type = String(reply.getHeader('content-type'));
  if (type.startsWith('text/html')) {
    reply.header('content-security-policy', referencePolicy(payload));
    return payload;
  }
  if (!type.startsWith('application/javascript')) return payload;
  reply.header('cache-control', 'public, max-age=3600').header('vary', 'accept-encoding');
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return payload;
  compressedScript ??= compress(payload);
  reply.header('content-encoding', 'gzip').removeHeader('content-length');
  return compressedScript;
}

/** Only the page's own inline script runs, and requests go to this server alone. */
function referencePolicy(html: string): string {
  const inline = [...html.matchAll(/<script[^>]*>([^<]+)<\/script>/g)].map((match) => match[1]);
  const hashes = inline.map((text) => hashOf(text ?? '')).join(' ');
  return (
    `default-src 'none'; script-src 'self' ${hashes}; style-src 'self' 'unsafe-inline'; ` +
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src blob:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  );
}
