import { emit } from '../delivery/emit.ts';
import type { Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { endSubscription } from './end-subscription.ts';

/** The last retry has failed: what the account's settings say happens to the subscription. */
export function retireSubscription(tx: Transaction, subscription: Subscription): void {
  if (subscription.status !== 'past_due') return;
  switch (tx.settings.after_last_retry) {
    case 'cancel':
      endSubscription(tx, subscription, 'payment_failed');
      return;
    case 'unpaid':
      subscription.status = 'unpaid';
      emit(tx, 'customer.subscription.updated', subscription);
      return;
    case 'past_due':
      return;
  }
}
