import type { OpenWorld } from '../../test/billing-world.ts';

/** What a visitor does at the provider's hosted page. */
export interface Visit {
  readonly url: string;
  /** A test card by name, e.g. `chargeCustomerFail`. */
  readonly card: string;
  /** false: the tab is closed, and only a webhook tells of it. */
  readonly comesBack: boolean;
}

/** Fills in a page with a test card; what the card's bank asks is agreed to. A decline is no error. */
export async function visitPage(world: OpenWorld, visit: Visit): Promise<void> {
  const { url, card } = visit;
  let done = await submit(url, { card });
  if (done.status === 200 && (await done.text()).includes('Your bank asks')) {
    done = await submit(url, { card, bank: 'agree' });
  }
  const location = done.headers.get('location');
  if (done.status !== 303 || location === null || !visit.comesBack) return;
  const back = new URL(location);
  if (back.pathname !== '/billing/return') return;
  // Where the provider is away just then, the visitor sees an error, and webhooks tell of it later.
  await world.api.app.inject({ method: 'GET', url: `${back.pathname}${back.search}` });
}

function submit(url: string, form: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) });
}
