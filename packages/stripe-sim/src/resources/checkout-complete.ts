import { emit } from '../delivery/emit.ts';
import type { Customer, PaymentMethod } from '../store/documents.ts';
import type { CheckoutSession } from '../store/payment-documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { attach, makeTestMethod } from './payment-methods.ts';
import { setUp } from './setup-intents.ts';
import { create, need } from './shared.ts';
import { createSubscription } from './subscription-create.ts';
import { randomText } from '../store/transaction.ts';

/** What the page shows next. */
export type CheckoutStep =
  | { readonly step: 'complete' }
  /** The simulated bank asks; the same form again, with its answer. */
  | { readonly step: 'authenticate' };

/**
 * The visitor has picked a test card and pressed the button. Throws a StripeError with the text to
 * show where the card is declined; nothing is done then.
 *
 * @param isAuthenticated the visitor has agreed on the simulated bank's page
 */
export function completeCheckout(
  tx: Transaction,
  session: CheckoutSession,
  card: string,
  isAuthenticated: boolean,
): CheckoutStep {
  if (session.status !== 'open') {
    throw invalidRequest(`This Checkout Session is ${session.status}.`);
  }
  const customer = customerOf(tx, session);
  const method = makeTestMethod(tx, card);
  const step =
    session.mode === 'setup'
      ? completeSetup(tx, session, customer, method, isAuthenticated)
      : completeSubscription(tx, session, customer, method, isAuthenticated);
  if (step.step === 'complete') finish(tx, session, customer);
  return step;
}

function customerOf(tx: Transaction, session: CheckoutSession): Customer {
  if (session.customer !== null) return needLiving(tx, session.customer);
  const customer = create(tx, 'customer', {
    address: null,
    balance: 0,
    currency: null,
    delinquent: false,
    email: session.customer_email,
    name: null,
    phone: null,
    preferred_locales: [],
    tax_exempt: 'none',
    invoice_prefix: randomText(8).toUpperCase(),
    next_invoice_sequence: 1,
    metadata: {},
    test_clock: null,
  });
  emit(tx, 'customer.created', customer);
  session.customer = customer.id;
  return customer;
}

function completeSetup(
  tx: Transaction,
  session: CheckoutSession,
  customer: Customer,
  method: PaymentMethod,
  isAuthenticated: boolean,
): CheckoutStep {
  const intent = need(tx, 'setup_intent', session.setup_intent ?? '');
  intent.customer = customer.id;
  const error = setUp(tx, intent, method, isAuthenticated);
  if (error !== undefined) throw new StripeError(402, 'card_error', error.message);
  return intent.status === 'succeeded' ? { step: 'complete' } : { step: 'authenticate' };
}

function completeSubscription(
  tx: Transaction,
  session: CheckoutSession,
  customer: Customer,
  method: PaymentMethod,
  isAuthenticated: boolean,
): CheckoutStep {
  attach(tx, method, customer.id);
  if (isAuthenticated) method.sim_authenticated = true;
  const isAsked = method.sim_card.startsWith('authenticationRequired') && !isAuthenticated;
  if (isAsked) return { step: 'authenticate' };
  const asksEachTime = method.sim_card === 'authenticationRequired';
  // The holder has just agreed: this one payment goes through.
  if (asksEachTime) method.sim_card = 'visa';
  const { subscription, invoice } = createSubscription(tx, {
    ...session.sim_subscription_data,
    customer: customer.id,
    items: session.sim_items,
    default_payment_method: method.id,
    payment_behavior: 'error_if_incomplete',
    ...(session.currency === null ? {} : { currency: session.currency }),
  });
  if (asksEachTime) method.sim_card = 'authenticationRequired';
  session.subscription = subscription.id;
  session.invoice = invoice.id;
  session.payment_status = invoice.amount_paid > 0 ? 'paid' : 'no_payment_required';
  return { step: 'complete' };
}

function finish(tx: Transaction, session: CheckoutSession, customer: Customer): void {
  session.status = 'complete';
  session.url = null;
  session.customer_details = {
    address: null,
    business_name: null,
    email: customer.email,
    individual_name: null,
    name: customer.name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
  emit(tx, 'checkout.session.completed', session);
}

/** Where the visitor is sent, with the session's id filled in. */
export function successUrlOf(session: Readonly<CheckoutSession>): string | null {
  return session.success_url?.replaceAll('{CHECKOUT_SESSION_ID}', session.id) ?? null;
}
