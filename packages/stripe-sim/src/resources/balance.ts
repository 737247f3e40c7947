import { emit } from '../delivery/emit.ts';
import type { Customer } from '../store/documents.ts';
import type { BalanceTransaction } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface Input {
  amount: number;
  currency: string;
  description?: string;
  metadata?: MetadataInput;
}

export const balanceRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/customers/{}/balance_transactions',
    ['amount', 'currency', 'description', 'metadata'],
    (tx, params, id) => {
      const customer = need(tx, 'customer', id);
      const transaction = changeBalance(
        tx,
        customer,
        params.amount,
        params.currency.toLowerCase(),
        { type: 'adjustment' },
      );
      transaction.description = params.description ?? null;
      transaction.metadata = mergeMetadata({}, params.metadata);
      emit(tx, 'customer.updated', customer);
      return transaction;
    },
  ),
  route<Partial<Input>>(
    'POST /v1/customers/{}/balance_transactions/{}',
    ['description', 'metadata'],
    (tx, params, id, transactionId) => {
      const transaction = needOf(tx, id, transactionId);
      patch(transaction, { ...params }, ['description']);
      transaction.metadata = mergeMetadata(transaction.metadata, params.metadata);
      return transaction;
    },
  ),
  route('GET /v1/customers/{}/balance_transactions/{}', [], (tx, _, id, transactionId) =>
    needOf(tx, id, transactionId),
  ),
  route<PageParams>('GET /v1/customers/{}/balance_transactions', pageParams, (tx, params, id) => {
    need(tx, 'customer', id);
    const url = `/v1/customers/${id}/balance_transactions`;
    return pageOf(tx, 'customer_balance_transaction', params, { url, owner: id });
  }),
];

function needOf(tx: Transaction, customerId: string, id: string): BalanceTransaction {
  const transaction = need(tx, 'customer_balance_transaction', id);
  if (transaction.customer === customerId) return transaction;
  throw invalidRequest(`No such customer balance transaction: '${id}'`);
}

/**
 * Moves a customer's balance and writes the transaction that says why. Negative is credit: the next
 * invoice asks for less. A balance has one currency, the customer's.
 */
export function changeBalance(
  tx: Transaction,
  customer: Customer,
  amount: number,
  currency: string,
  why: { type: string; invoice?: string; credit_note?: string },
): BalanceTransaction {
  if (customer.currency !== null && customer.currency !== currency) {
    throw invalidRequest(
      `The customer's currency is ${customer.currency}; its balance cannot change in ${currency}.`,
      { param: 'currency' },
    );
  }
  customer.currency = currency;
  customer.balance += amount;
  return create(tx, 'customer_balance_transaction', {
    amount,
    currency,
    customer: customer.id,
    ending_balance: customer.balance,
    type: why.type,
    invoice: why.invoice ?? null,
    credit_note: why.credit_note ?? null,
    sim_owner: customer.id,
  });
}
