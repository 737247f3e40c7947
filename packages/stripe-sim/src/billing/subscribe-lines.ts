import type { Invoice, Period, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { fullAmount, subscriptionLine } from './lines.ts';
import { scaleAmount } from './money.ts';

/**
 * Debits each item of a subscription for the period it is in, on `invoice`: nothing during a trial,
 * and a share where the period is only a part of a whole one (`whole`).
 */
export function addSubscriptionLines(
  tx: Transaction,
  invoice: Invoice,
  subscription: Subscription,
  whole?: Period,
): void {
  for (const item of subscription.items.data) {
    const period = { start: item.current_period_start, end: item.current_period_end };
    const full = subscription.status === 'trialing' ? 0 : fullAmount(item, invoice.currency);
    const amount =
      whole === undefined
        ? full
        : scaleAmount(
            full,
            period.end - period.start,
            whole.end - whole.start,
            invoice.currency,
            tx.settings.proration_rounding,
          );
    const line = subscriptionLine(tx, invoice, subscription, item, period, amount);
    invoice.lines.data.push(line);
    item.sim_debit = { amount, period, invoice: invoice.id, line: line.id, invoice_item: null };
  }
}
