import { showAmount } from '../billing/money.ts';
import { testCards } from '../billing/test-cards.ts';
import { completeCheckout, successUrlOf } from '../resources/checkout-complete.ts';
import type { CheckoutSession } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import type { HttpReply } from '../wire/http.ts';
import { StripeError } from '../wire/stripe-error.ts';
import { unitDecimalIn } from '../resources/prices.ts';
import { cardChoice, errorLine, html, page, redirect, type Html } from './html.ts';
import { missing, type Page } from './visit.ts';

/** Subscribing, or saving a card: what is bought, a choice of test cards, one button. */
export const checkoutPage: Page = (tx, { form, parts }) => {
  const session = tx.get('checkout.session', parts[0] ?? '');
  if (session === undefined) return missing();
  if (session.status !== 'open') return closed(session);
  if (form === undefined) return show(tx, session);
  const card = form.get('card') ?? '';
  if (!(card in testCards)) return show(tx, session, 'Pick one of the test cards.');
  const answer = form.get('bank');
  if (answer === 'refuse') return show(tx, session, 'The holder did not authenticate the payment.');
  return submit(tx, session, card, answer === 'agree');
};

function submit(
  tx: Transaction,
  session: CheckoutSession,
  card: string,
  isAgreed: boolean,
): HttpReply {
  // Tried in a transaction of its own first: a declined card leaves the session as it was.
  try {
    completeCheckout(tx.sandbox(), structuredClone(session), card, isAgreed);
  } catch (error) {
    if (error instanceof StripeError) return show(tx, session, error.message);
    throw error;
  }
  const trial = structuredClone(session);
  if (completeCheckout(tx.sandbox(), trial, card, isAgreed).step === 'authenticate') {
    return askBank(card);
  }
  completeCheckout(tx, session, card, isAgreed);
  const target = successUrlOf(session);
  return target === null ? closed(session) : redirect(target);
}

function show(tx: Transaction, session: CheckoutSession, error?: string): HttpReply {
  const isSetup = session.mode === 'setup';
  const title = isSetup ? 'Save a card' : 'Subscribe';
  const back =
    session.cancel_url === null ? html`` : html`<p><a href="${session.cancel_url}">Back</a></p>`;
  return page(
    title,
    html`${errorLine(error)} ${isSetup ? html`` : items(tx, session)}
      <form method="post">
        ${cardChoice()}
        <button>${isSetup ? 'Save card' : 'Pay and subscribe'}</button>
      </form>
      ${back}`,
    error === undefined ? 200 : 402,
  );
}

function items(tx: Transaction, session: CheckoutSession): Html {
  const currency = session.currency ?? 'usd';
  const rows = session.sim_items.map((item) => {
    const price = tx.find('price', item.price);
    const name = tx.find('product', price?.product ?? '')?.name ?? item.price;
    const each = price === undefined ? 0 : Number(unitDecimalIn(price, currency, 'currency'));
    return html`<tr>
      <td>${item.quantity} × ${name}</td>
      <td>${showAmount(each, currency)} a ${price?.recurring?.interval ?? 'month'}</td>
    </tr>`;
  });
  return html`<table>
    ${rows}
    <tr>
      <th>Due today</th>
      <th>${showAmount(session.amount_total ?? 0, currency)}</th>
    </tr>
  </table>`;
}

function askBank(card: string): HttpReply {
  return page(
    'Your bank asks',
    html`<p>This test card wants its holder to agree.</p>
      <form method="post">
        <input type="hidden" name="card" value="${card}" />
        <button name="bank" value="agree">Agree</button>
        <button name="bank" value="refuse">Refuse</button>
      </form>`,
  );
}

function closed(session: CheckoutSession): HttpReply {
  const target = session.status === 'complete' ? successUrlOf(session) : null;
  if (target !== null) return redirect(target);
  const text = session.status === 'complete' ? 'This is done.' : 'This link has expired.';
  return page('Checkout', html`<p>${text}</p>`, session.status === 'complete' ? 200 : 410);
}
