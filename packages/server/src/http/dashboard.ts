import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { renderPage, sendPage } from './page.ts';

const compress = promisify(gzip);

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

interface Asset {
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
  /** Made when it is first asked for. */
  compressed?: Promise<Buffer>;
}

/** Belongs to machines: what is not found there is a problem document, never a page. */
const machinePaths = /^\/(?:v1|api|docs|assets|billing|livez|readyz|metrics|openapi\.json)(?:\/|$)/;

/**
 * Serves the dashboard from the folder that its build made: `/assets/*`, named by their content and
 * kept for ever, and the one page for every address that a browser opens and nobody else answers.
 * The files are read once, so no request ever names a path of the disk.
 */
export function registerDashboard(
  app: FastifyInstance,
  folder: string,
  facts: { billingMode: string },
): void {
  const page = readPage(folder)?.replace('%BILLING_MODE%', facts.billingMode) ?? null;
  const assets = readAssets(join(folder, 'assets'));
  app.get<{ Params: { '*': string } }>('/assets/*', (request, reply) => {
    const asset = assets.get(request.params['*']);
    return asset === undefined ? reply.callNotFound() : sendAsset(request, reply, asset);
  });
  for (const url of ['/', '/*']) {
    app.get(url, (request, reply) => {
      if (!isForPeople(request)) return reply.callNotFound();
      return page === null ? sendPage(reply, notBuilt) : sendDashboard(reply, page);
    });
  }
}

function isForPeople(request: FastifyRequest): boolean {
  const [path = ''] = request.url.split('?');
  if (machinePaths.test(path)) return false;
  return path === '/' || (request.headers.accept ?? '').includes('text/html');
}

async function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  asset: Asset,
): Promise<FastifyReply> {
  reply
    .type(asset.contentType)
    .header('cache-control', 'public, max-age=31536000, immutable')
    .header('etag', asset.etag)
    .header('vary', 'accept-encoding')
    .header('x-content-type-options', 'nosniff');
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(asset.content);
  asset.compressed ??= compress(asset.content);
  return reply.header('content-encoding', 'gzip').send(await asset.compressed);
}

/** Style elements need the page's own nonce; no script runs that is not a file of ours. */
function sendDashboard(reply: FastifyReply, page: string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  const policy =
    `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; ` +
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'same-origin')
    .send(page.replace('%STYLE_NONCE%', nonce));
}

function readPage(folder: string): string | null {
  const path = join(folder, 'index.html');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function readAssets(folder: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  if (!existsSync(folder)) return assets;
  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name));
    const contentType = contentTypes[extname(name)];
    if (contentType === undefined) throw new Error(`${name} has no content type: name it here.`);
    const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
    assets.set(name, { content, contentType, etag });
  }
  return assets;
}

/** For a server that was started without `npm start`, which builds what is stale. */
const notBuilt = renderPage(
  'Mutate',
  '<h1>Mutate runs, its dashboard is not built</h1>' +
    '<p>Run <code>npm run build</code> in the clone, then start the server again. The API works ' +
    'without it.</p><ul><li><a href="/docs">API reference</a></li>' +
    '<li><a href="/docs/errors">Errors</a></li></ul>',
);
