import { testCards } from '../billing/test-cards.ts';
import type { HttpReply } from '../wire/http.ts';

/** Text that is safe inside an element and inside an attribute. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A template whose values are escaped, unless they are Html themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
  let text = strings[0] ?? '';
  values.forEach((value, index) => {
    text += show(value) + (strings[index + 1] ?? '');
  });
  return new Html(text);
}

function show(value: unknown): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(show).join('');
  return String(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; max-width: 34rem; padding: 1rem; }
  .simulated { background: #8a3b00; color: #fff; padding: .6rem 1rem; border-radius: .5rem; }
  table { width: 100%; border-collapse: collapse; margin: 1rem 0; }
  td, th { text-align: left; padding: .4rem .5rem .4rem 0; border-bottom: 1px solid #8886; }
  td:last-child, th:last-child { text-align: right; padding-right: 0; }
  label { display: block; padding: .25rem 0; }
  button { font: inherit; padding: .5rem 1rem; margin: .75rem .5rem .25rem 0; cursor: pointer; }
  .error { border-left: .3rem solid #c1121f; padding: .2rem .8rem; }
`;

/** A whole page; each says at its top that nothing on it is real. */
export function page(title: string, content: Html, status = 200): HttpReply {
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} (simulated)</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <p class="simulated" role="note">
          <strong>Simulated.</strong> This page belongs to a Stripe simulator. No money moves, and
          no card number is asked for.
        </p>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return { status, headers: pageHeaders, body: body.text };
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

export function redirect(to: string): HttpReply {
  return { status: 303, headers: { location: to, 'cache-control': 'no-store' }, body: '' };
}

/** The choice of test cards; the only way a card comes into the simulator's pages. */
export function cardChoice(): Html {
  const options = Object.entries(testCards).map(
    ([name, card], index) =>
      html`<label>
        <input type="radio" name="card" value="${name}" ${new Html(index === 0 ? 'checked' : '')} />
        ${card.label} (${card.brand} …${card.last4})
      </label>`,
  );
  return html`<fieldset>
    <legend>Test card</legend>
    ${options}
  </fieldset>`;
}

export function errorLine(message: string | undefined): Html {
  return message === undefined ? html`` : html`<p class="error" role="alert">${message}</p>`;
}
