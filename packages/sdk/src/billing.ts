import type { Billing, BillingEvent, OveragePolicy } from './billing-types.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { listAll, onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface UpdateBillingInput {
  billingEmail?: string | null | undefined;
  /** The most that overage may cost in a usage period; null: no cap. */
  spendCapMinor?: number | null | undefined;
  overagePolicy?: OveragePolicy | undefined;
}

/** How the workspace pays. Every method throws `MutateError`. */
export class BillingSettings {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  async get(call: CallOptions = {}): Promise<Billing> {
    const path = await this.#workspace.to('billing');
    return this.#http.json<Billing>({ method: 'GET', path, ...call });
  }

  async update(input: UpdateBillingInput): Promise<Billing> {
    return this.#http.json<Billing>({
      method: 'PATCH',
      path: await this.#workspace.to('billing'),
      json: {
        billing_email: input.billingEmail,
        spend_cap_minor: input.spendCapMinor,
        overage_policy: input.overagePolicy,
      },
    });
  }

  /** The hosted page that takes a card. */
  async paymentMethodPage(returnUrl?: string): Promise<string> {
    return this.#page('payment-method', returnUrl);
  }

  async removePaymentMethod(): Promise<void> {
    const path = await this.#workspace.to('billing', 'payment-method');
    await this.#http.nothing({ method: 'DELETE', path });
  }

  /** The payment provider's own pages for invoices and card. */
  async portalPage(returnUrl?: string): Promise<string> {
    return this.#page('portal', returnUrl);
  }

  /** Every line of the billing history, newest first. */
  async *events(): AsyncGenerator<BillingEvent, void, undefined> {
    yield* listAll<BillingEvent>(this.#http, await this.#workspace.to('billing', 'events'));
  }

  /** One page of it. */
  async eventsPage(input: PageInput = {}): Promise<List<BillingEvent>> {
    return onePage<BillingEvent>(this.#http, await this.#workspace.to('billing', 'events'), input);
  }

  async #page(name: string, returnUrl: string | undefined): Promise<string> {
    const path = await this.#workspace.to('billing', name);
    const json = returnUrl === undefined ? {} : { return_url: returnUrl };
    const { url } = await this.#http.json<{ url: string }>({ method: 'POST', path, json });
    return url;
  }
}
