import { showAmount } from '../billing/money.ts';
import { testCards } from '../billing/test-cards.ts';
import { emit } from '../delivery/emit.ts';
import { attach, detach, makeTestMethod } from '../resources/payment-methods.ts';
import { updateSubscription } from '../resources/subscription-update.ts';
import { periodOf } from '../resources/subscription-items.ts';
import type { Customer, Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import type { HttpReply } from '../wire/http.ts';
import { StripeError } from '../wire/stripe-error.ts';
import { cardChoice, errorLine, html, page, type Html } from './html.ts';
import { missing, type Page } from './visit.ts';

/** What a customer may do alone: another card, or none, cancel, go on, read the invoices. */
export const portalPage: Page = (tx, { form, parts }) => {
  const [id = '', secret = ''] = parts;
  const customer = tx.get('customer', id);
  const isKnown = secret !== '' && customer?.['sim_portal_secret'] === secret;
  if (customer === undefined || customer.deleted === true || !isKnown) return missing();
  if (form === undefined) return show(tx, customer);
  try {
    act(tx, customer, form);
    return show(tx, customer);
  } catch (error) {
    if (error instanceof StripeError) return show(tx, customer, error.message);
    throw error;
  }
};

function act(tx: Transaction, customer: Customer, form: URLSearchParams): void {
  const card = form.get('card');
  if (card !== null && card in testCards) {
    const method = makeTestMethod(tx, card);
    attach(tx, method, customer.id);
    customer.invoice_settings.default_payment_method = method.id;
    emit(tx, 'customer.updated', customer);
    // A subscription with a card of its own would go on with the old one.
    for (const one of tx.getAll('subscription', customer.id, (each) => each.ended_at === null)) {
      updateSubscription(tx, one, { default_payment_method: method.id });
    }
    return;
  }
  const action = form.get('do');
  const { default_payment_method: present } = customer.invoice_settings;
  if (action === 'remove-card' && present !== null) detach(tx, present);
  const subscription = tx.get('subscription', form.get('subscription') ?? '');
  if (subscription?.customer !== customer.id) return;
  if (action === 'cancel' || action === 'resume') {
    updateSubscription(tx, subscription, { cancel_at_period_end: action === 'cancel' });
  }
}

function show(tx: Transaction, customer: Customer, error?: string): HttpReply {
  const { default_payment_method: id } = customer.invoice_settings;
  const method = id === null ? undefined : tx.find('payment_method', id);
  const card = method === undefined ? 'none' : `${method.card.brand} …${method.card.last4}`;
  const subscriptions = tx.getAll('subscription', customer.id, (one) => one.ended_at === null);
  return page(
    'Your billing',
    html`${errorLine(error)}
      <h2>Subscriptions</h2>
      ${subscriptions.map((one) => subscriptionOf(tx, one))}
      <h2>Card</h2>
      <p>Now: ${card}</p>
      ${method === undefined ? '' : removeCard()}
      <form method="post">
        ${cardChoice()}
        <button>Use this card</button>
      </form>
      <h2>Invoices</h2>
      ${invoicesOf(tx, customer)}`,
    error === undefined ? 200 : 402,
  );
}

function removeCard(): Html {
  return html`<form method="post"><button name="do" value="remove-card">Remove it</button></form>`;
}

function subscriptionOf(tx: Transaction, subscription: Subscription): Html {
  const names = subscription.items.data.map(
    ({ price, quantity }) => `${quantity} × ${tx.find('product', price.product)?.name}`,
  );
  const end = new Date(periodOf(subscription).end * 1000).toISOString().slice(0, 10);
  const isEnding = subscription.cancel_at !== null;
  return html`<form method="post">
    <p>${names.join(', ')}: ${subscription.status}, ${isEnding ? 'ends' : 'renews'} ${end}</p>
    <input type="hidden" name="subscription" value="${subscription.id}" />
    <button name="do" value="${isEnding ? 'resume' : 'cancel'}">
      ${isEnding ? 'Keep it' : 'Cancel at the end of the period'}
    </button>
  </form>`;
}

function invoicesOf(tx: Transaction, customer: Customer): Html {
  const invoices = tx.getAll('invoice', customer.id, (one) => one.status !== 'draft').toReversed();
  return html`<table>
    ${invoices.map(
      (invoice) =>
        html`<tr>
          <td><a href="${String(invoice['hosted_invoice_url'])}">${invoice.number}</a></td>
          <td>${invoice.status}</td>
          <td>${showAmount(invoice.amount_due, invoice.currency)}</td>
        </tr>`,
    )}
  </table>`;
}
