import type { Transaction } from '../store/transaction.ts';
import type { HttpReply } from '../wire/http.ts';
import { html, page } from './html.ts';

/** One visit of a hosted page: a look at it, or its form sent back. */
export interface Visit {
  /** undefined: nothing was sent. */
  readonly form: URLSearchParams | undefined;
  /** What stands in the path behind the page's name. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export type Page = (tx: Transaction, visit: Visit) => HttpReply;

export function missing(): HttpReply {
  return page('Not found', html`<p>There is no such page, or its link has expired.</p>`, 404);
}
