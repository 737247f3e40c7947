import type {
  Customer,
  Invoice,
  InvoiceItem,
  PaymentMethod,
  Price,
  Product,
  SetupIntent,
  Subscription,
  SubscriptionSchedule,
} from './documents.ts';
import type {
  Account,
  BalanceTransaction,
  Charge,
  CheckoutSession,
  ClockDocument,
  CreditNote,
  Delivery,
  EventDocument,
  IdempotencyRecord,
  InvoicePayment,
  PaymentIntent,
  PortalConfiguration,
  PortalSession,
  Refund,
  Settings,
  TestClock,
  WebhookEndpoint,
} from './payment-documents.ts';

/** Every kind of document, by the word in its field `object`. */
export interface Kinds {
  account: Account;
  'billing_portal.configuration': PortalConfiguration;
  'billing_portal.session': PortalSession;
  charge: Charge;
  'checkout.session': CheckoutSession;
  credit_note: CreditNote;
  customer: Customer;
  customer_balance_transaction: BalanceTransaction;
  event: EventDocument;
  invoice: Invoice;
  invoice_payment: InvoicePayment;
  invoiceitem: InvoiceItem;
  payment_intent: PaymentIntent;
  payment_method: PaymentMethod;
  price: Price;
  product: Product;
  refund: Refund;
  setup_intent: SetupIntent;
  subscription: Subscription;
  subscription_schedule: SubscriptionSchedule;
  'test_helpers.test_clock': TestClock;
  webhook_endpoint: WebhookEndpoint;
  'sim.clock': ClockDocument;
  'sim.delivery': Delivery;
  'sim.idempotency': IdempotencyRecord;
  'sim.settings': Settings;
}

export type Kind = keyof Kinds;

/** How the ids of a kind begin; an id tells its kind. */
export const idPrefixes: Readonly<Record<Kind, string>> = {
  account: 'acct',
  'billing_portal.configuration': 'bpc',
  'billing_portal.session': 'bps',
  charge: 'ch',
  'checkout.session': 'cs_test',
  credit_note: 'cn',
  customer: 'cus',
  customer_balance_transaction: 'cbtxn',
  event: 'evt',
  invoice: 'in',
  invoice_payment: 'inpay',
  invoiceitem: 'ii',
  payment_intent: 'pi',
  payment_method: 'pm',
  price: 'price',
  product: 'prod',
  refund: 're',
  setup_intent: 'seti',
  subscription: 'sub',
  subscription_schedule: 'sub_sched',
  'test_helpers.test_clock': 'clock',
  webhook_endpoint: 'we',
  'sim.clock': 'simclock',
  'sim.delivery': 'simdlv',
  'sim.idempotency': 'simidem',
  'sim.settings': 'simset',
};
