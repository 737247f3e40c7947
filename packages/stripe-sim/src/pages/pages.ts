import type { Transaction } from '../store/transaction.ts';
import type { HttpReply, HttpRequest } from '../wire/http.ts';
import { StripeError } from '../wire/stripe-error.ts';
import { authenticatePage } from './authenticate-page.ts';
import { checkoutPage } from './checkout-page.ts';
import { html, page } from './html.ts';
import { invoicePage } from './invoice-page.ts';
import { portalPage } from './portal-page.ts';
import { missing, type Page, type Visit } from './visit.ts';

export interface PagesOptions {
  readonly run: <Result>(work: (tx: Transaction) => Result) => Promise<Result>;
}

const pages: Readonly<Record<string, Page>> = {
  authenticate: authenticatePage,
  checkout: checkoutPage,
  invoices: invoicePage,
  portal: portalPage,
};

/** The small pages behind Stripe's hosted links. Whoever knows a link may use it, as with Stripe. */
export function createPages(options: PagesOptions): (request: HttpRequest) => Promise<HttpReply> {
  return async (request) => {
    const [name = '', ...parts] = request.path.split('/').slice(2);
    const show = pages[name];
    if (request.path === '/') return welcome();
    if (show === undefined || !['GET', 'POST'].includes(request.verb)) return missing();
    const visit: Visit = {
      form: request.verb === 'POST' ? new URLSearchParams(request.body) : undefined,
      parts,
      query: new URLSearchParams(request.query),
    };
    try {
      return await options.run((tx) => show(tx, visit));
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      return page('That did not work', html`<p class="error">${error.message}</p>`, error.status);
    }
  };
}

function welcome(): HttpReply {
  return page(
    'Stripe simulator',
    html`<p>
      The API is under <code>/v1</code>, the simulator's own controls are under <code>/_sim</code>.
      The project's documentation says how to use both: docs/stripe-sim.md.
    </p>`,
  );
}
