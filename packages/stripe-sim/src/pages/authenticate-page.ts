import { authenticate } from '../resources/payment-intents.ts';
import { authenticateSetup } from '../resources/setup-intents.ts';
import { showAmount } from '../billing/money.ts';
import { returnUrlOf } from '../billing/next-action.ts';
import { html, page, redirect } from './html.ts';
import { missing, type Page } from './visit.ts';

/** The simulated bank's question about a payment, or about a card that is to be saved. */
export const authenticatePage: Page = (tx, { form, parts }) => {
  const [id = '', secret = ''] = parts;
  const payment = tx.get('payment_intent', id);
  const setup = tx.get('setup_intent', id);
  const intent = payment ?? setup;
  if (intent === undefined || intent.client_secret !== secret) return missing();
  if (intent.status !== 'requires_action') {
    return page('Your bank', html`<p>There is nothing to agree to; it is ${intent.status}.</p>`);
  }
  if (form === undefined) {
    const what =
      payment === undefined
        ? 'save your card for later payments'
        : `pay ${showAmount(payment.amount, payment.currency)}`;
    return page(
      'Your bank asks',
      html`<p>Do you want to ${what}?</p>
        <form method="post">
          <button name="bank" value="agree">Agree</button>
          <button name="bank" value="refuse">Refuse</button>
        </form>`,
    );
  }
  const back = returnUrlOf(intent.next_action);
  const isAgreed = form.get('bank') === 'agree';
  if (payment !== undefined) authenticate(tx, payment, isAgreed);
  else if (setup !== undefined) authenticateSetup(tx, setup, isAgreed);
  if (back !== null) return redirect(back);
  return page('Your bank', html`<p>${isAgreed ? 'Thank you; it is done.' : 'It was refused.'}</p>`);
};
