import type { Context } from '../../context.ts';
import type { BillingDeps } from '../deps.ts';
import { findInvoicedSubscription, type InvoicedSubscription } from '../payment/sql.ts';
import type { Billing } from '../schema.ts';
import { isNothingUpcoming } from '../provider/stripe.ts';

type NextInvoice = Billing['next_invoice'];

interface Kept {
  readonly key: string;
  readonly untilMs: number;
  readonly value: Promise<NextInvoice>;
}

const keptMs = 60_000;
const keptMax = 1_000;

/**
 * The provider's preview of the next invoice, asked for at most once a minute a workspace and at once
 * after anything changed. It is a convenience: where the provider does not answer there is none.
 */
export class NextInvoices {
  readonly #deps: BillingDeps | null;
  readonly #kept = new Map<string, Kept>();

  constructor(deps: BillingDeps | null) {
    this.#deps = deps;
  }

  /** Null: nothing will be invoiced, as on Free. */
  async find(ctx: Context): Promise<NextInvoice> {
    const deps = this.#deps;
    if (deps === null) return null;
    const { id } = ctx.organization;
    const [row] = await deps.db.query<InvoicedSubscription>(findInvoicedSubscription(id));
    if (row === undefined) return null;
    const key = `${row.stripe_subscription_id} ${row.billing_sync_number}`;
    const kept = this.#kept.get(id);
    const nowMs = performance.now();
    if (kept !== undefined && kept.key === key && kept.untilMs > nowMs) return kept.value;
    const value = ask(deps, row).catch((error: unknown) => {
      ctx.log.warn({ err: error }, 'no preview of the next invoice');
      this.#kept.delete(id);
      return null;
    });
    if (this.#kept.size >= keptMax) this.#kept.clear();
    this.#kept.set(id, { key, untilMs: nowMs + keptMs, value });
    return value;
  }
}

async function ask(deps: BillingDeps, row: InvoicedSubscription): Promise<NextInvoice> {
  try {
    const preview = await deps.stripe.invoices.createPreview({
      subscription: row.stripe_subscription_id,
    });
    return {
      amount_due_minor: preview.amount_due,
      currency: preview.currency,
      due_at: new Date(row.current_period_end).toISOString(),
    };
  } catch (error) {
    if (isNothingUpcoming(error)) return null;
    throw error;
  }
}
