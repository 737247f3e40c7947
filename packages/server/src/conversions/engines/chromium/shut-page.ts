import { isUtf8 } from 'node:buffer';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { EngineError, type Warning } from '../engine.ts';

/** An address that leads nowhere (RFC 6761); its one document comes from us. */
const origin = 'https://document.invalid';
const documentUrl = `${origin}/`;

const blockedShown = 10;
const servedMax = 5;

/** What a page needs to know before it is opened. */
export interface PageRequest {
  readonly html: Buffer;
  readonly javascript: boolean;
  /** Milliseconds after which a page that still loads is given up. */
  readonly loadTimeoutMs: number;
  readonly waitMs: number;
  readonly window: { readonly width: number; readonly height: number };
  readonly deviceScaleFactor: number;
}

export interface ShutPage {
  readonly page: Page;
  /** What the page asked for and did not get. */
  blocked(): Warning[];
}

/**
 * Opens a document in a browser context of its own, uses it and closes the context. The document
 * has a made-up address that we answer ourselves; every other request is refused before it is made.
 *
 * @throws EngineError `conversion_timeout`, `document_too_complex` where the page's process dies
 */
export async function withShutPage<T>(
  browser: Browser,
  request: PageRequest,
  use: (shut: ShutPage) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({
    javaScriptEnabled: request.javascript,
    serviceWorkers: 'block',
    acceptDownloads: false,
    viewport: request.window,
    deviceScaleFactor: request.deviceScaleFactor,
    permissions: [],
  });
  try {
    const refused = await shut(context, request);
    const page = await context.newPage();
    // A script may open windows; dialogs are dismissed by themselves.
    context.on('page', (other) => void other.close().catch(() => {}));
    const crashed = new Promise<never>((_, reject) => {
      page.once('crash', () => reject(crash()));
    });
    const work = load(page, request).then(() => use({ page, blocked: () => describe(refused) }));
    return await Promise.race([work, crashed]);
  } finally {
    await context.close().catch(() => {});
  }
}

async function load(page: Page, { loadTimeoutMs, waitMs }: PageRequest): Promise<void> {
  try {
    await page.goto(documentUrl, { waitUntil: 'load', timeout: loadTimeoutMs });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      const message = `The page was still loading after ${loadTimeoutMs / 1000} seconds.`;
      throw new EngineError('conversion_timeout', message, error);
    }
    throw error;
  }
  if (waitMs > 0) await page.waitForTimeout(waitMs);
}

/** Answers the document, again for a page that reloads itself, refuses the rest and keeps what was asked for. */
async function shut(context: BrowserContext, { html, javascript }: PageRequest) {
  const refused = new Set<string>();
  let served = 0;
  await context.route(
    () => true,
    async (route: Route) => {
      const url = route.request().url();
      if (served < servedMax && url === documentUrl && route.request().isNavigationRequest()) {
        served += 1;
        return route.fulfill({ body: html, headers: headersFor(html, javascript) });
      }
      if (refused.size < 1000 && !url.endsWith('/favicon.ico')) refused.add(url.slice(0, 200));
      // Not as blocked: that would put an error page in the document's place.
      return route.abort('aborted');
    },
  );
  return refused;
}

/** A second wall for what interception does not see: sockets, WebRTC, prefetching of names. */
function headersFor(html: Buffer, javascript: boolean): Record<string, string> {
  const policy = [
    `script-src ${javascript ? "'unsafe-inline' 'unsafe-eval' data: blob:" : "'none'"}`,
    'connect-src data: blob:',
    "object-src 'none'",
    "form-action 'none'",
    "webrtc 'block'",
  ];
  return {
    'content-type': isUtf8(html) ? 'text/html; charset=utf-8' : 'text/html',
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'no-referrer',
    'x-dns-prefetch-control': 'off',
  };
}

function describe(refused: ReadonlySet<string>): Warning[] {
  if (refused.size === 0) return [];
  const names = [...refused].map((url) => url.replace(`${origin}/`, '')).slice(0, blockedShown);
  const more = refused.size > names.length ? ` and ${refused.size - names.length} more` : '';
  const detail =
    'A page is converted by itself: only what is embedded in it (data: addresses) is shown. ' +
    `Not fetched: ${names.join(', ')}${more}.`;
  return [{ code: 'resources_blocked', detail: detail.slice(0, 1000) }];
}

function crash(): EngineError {
  const message = 'The page needs more memory or processes than one conversion may use.';
  return new EngineError('document_too_complex', message);
}
