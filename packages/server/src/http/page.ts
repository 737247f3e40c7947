import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** A page of ours: no request leaves it, and nothing runs in it. */
export interface Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const style = `
:root { color-scheme: light dark; --text: #1a1d21; --soft: #59616b; --line: #dfe3e8;
  --back: #ffffff; --panel: #f5f7f9; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a2abb5; --line: #343a41;
  --back: #15181b; --panel: #1f2327; --link: #78b7f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; overflow-wrap: anywhere; }
p, li { margin: .5rem 0; }
a { color: var(--link); text-underline-offset: .15em; }
code, pre { font: .9em/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem; margin: .75rem 0; overflow-x: auto; tab-size: 2; }
pre code { overflow-wrap: normal; }
button { font: inherit; font-size: .9rem; color: var(--text); background: var(--back);
  border: 1px solid var(--line); border-radius: .375rem; padding: .35rem .8rem; min-height: 2.25rem;
  cursor: pointer; }
button:hover { border-color: var(--soft); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.soft { color: var(--soft); }
.status { font-variant-numeric: tabular-nums; color: var(--soft); font-weight: 400; }
`;

export interface PageOptions {
  /** Where its forms may go, as the policy says it. */
  readonly formAction?: "'self'";
}

/** @param body trusted HTML: what comes from outside went through `escapeHtml` */
export function renderPage(title: string, body: string, { formAction }: PageOptions = {}): Page {
  const html =
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${escapeHtml(title)}</title><style>${style}</style></head>` +
    `<body><main>${body}</main></body></html>`;
  return {
    html,
    contentSecurityPolicy:
      `default-src 'none'; style-src ${hashOf(style)}; script-src 'none'; img-src data:; ` +
      "base-uri 'none'; " +
      `form-action ${formAction ?? "'none'"}; frame-ancestors 'none'`,
  };
}

/** Answers with a page of ours. */
export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', page.contentSecurityPolicy)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .send(page.html);
}

/** A source expression of CSP that allows exactly this text. */
export function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
