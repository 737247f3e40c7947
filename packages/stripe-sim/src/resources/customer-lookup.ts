import type { Customer } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { resourceMissing } from '../wire/stripe-error.ts';
import { need } from './shared.ts';

/** A customer that is not deleted. */
export function needLiving(tx: Transaction, id: string, param?: string): Customer {
  const customer = need(tx, 'customer', id, param);
  if (customer.deleted === true) throw resourceMissing('customer', id, param);
  return customer;
}
