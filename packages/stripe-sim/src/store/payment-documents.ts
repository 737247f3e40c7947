import type { Document, Metadata } from './documents.ts';

/** Whose objects these are; one document, made with the state. */
export interface Account extends Document {
  object: 'account';
  type: string;
  default_currency: string;
  email: string | null;
}

export interface PaymentIntent extends Document {
  object: 'payment_intent';
  amount: number;
  amount_received: number;
  currency: string;
  customer: string | null;
  status: string;
  payment_method: string | null;
  latest_charge: string | null;
  client_secret: string;
  last_payment_error: unknown;
  next_action: unknown;
  canceled_at: number | null;
  cancellation_reason: string | null;
  metadata: Metadata;
  sim_invoice: string | null;
}

export interface Charge extends Document {
  object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  currency: string;
  customer: string | null;
  payment_intent: string | null;
  payment_method: string | null;
  paid: boolean;
  refunded: boolean;
  status: string;
  metadata: Metadata;
  sim_invoice: string | null;
}

export interface Refund extends Document {
  object: 'refund';
  amount: number;
  charge: string;
  currency: string;
  payment_intent: string | null;
  reason: string | null;
  status: string;
  metadata: Metadata;
}

export interface InvoicePayment extends Document {
  object: 'invoice_payment';
  invoice: string;
  amount_paid: number | null;
  amount_requested: number;
  currency: string;
  is_default: boolean;
  status: string;
  payment: { type: string; payment_intent?: string };
  status_transitions: { canceled_at: number | null; paid_at: number | null };
}

export interface CreditNote extends Document {
  object: 'credit_note';
  amount: number;
  currency: string;
  customer: string;
  invoice: string;
  status: string;
  number: string;
  metadata: Metadata;
  lines: { data: { amount: number; [field: string]: unknown }[]; [field: string]: unknown };
  pre_payment_amount: number;
  post_payment_amount: number;
  voided_at: number | null;
}

export interface BalanceTransaction extends Document {
  object: 'customer_balance_transaction';
  amount: number;
  currency: string;
  customer: string;
  ending_balance: number;
  type: string;
  description: string | null;
  metadata: Metadata;
}

export interface CheckoutSession extends Document {
  object: 'checkout.session';
  mode: 'payment' | 'setup' | 'subscription';
  status: 'complete' | 'expired' | 'open';
  customer: string | null;
  customer_email: string | null;
  customer_details: unknown;
  currency: string | null;
  amount_subtotal: number | null;
  amount_total: number | null;
  expires_at: number;
  invoice: string | null;
  subscription: string | null;
  setup_intent: string | null;
  payment_status: string;
  success_url: string | null;
  cancel_url: string | null;
  url: string | null;
  metadata: Metadata;
  sim_items: { price: string; quantity: number }[];
  sim_subscription_data: Record<string, unknown>;
  sim_setup_data: Record<string, unknown>;
}

export interface PortalConfiguration extends Document {
  object: 'billing_portal.configuration';
  active: boolean;
  updated: number;
  metadata: Metadata;
}

export interface PortalSession extends Document {
  object: 'billing_portal.session';
  customer: string;
  return_url: string | null;
  url: string;
}

export interface TestClock extends Document {
  object: 'test_helpers.test_clock';
  frozen_time: number;
  name: string | null;
  status: 'advancing' | 'ready' | 'internal_failure';
  /** While it advances: where to. */
  sim_target: number | null;
  status_details: unknown;
}

export interface WebhookEndpoint extends Document {
  object: 'webhook_endpoint';
  url: string;
  enabled_events: string[];
  status: 'enabled' | 'disabled';
  description: string | null;
  metadata: Metadata;
  sim_secret: string;
}

export interface EventDocument extends Document {
  object: 'event';
  type: string;
  data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> };
  pending_webhooks: number;
}

export type DeliveryStatus = 'pending' | 'delivered' | 'failed' | 'lost';

/** One event on its way to one endpoint. */
export interface Delivery extends Document {
  object: 'sim.delivery';
  event: string;
  endpoint: string;
  status: DeliveryStatus;
  attempts: number;
  first_attempt_at: number | null;
  due: number;
  /** Place in the queue among what is due: shuffling draws it anew. */
  order: number;
  is_duplicate: boolean;
  /** The script of disturbances has been asked about it. */
  is_scripted: boolean;
  last_status: number | null;
  last_error: string | null;
  test_clock: string | null;
}

export interface IdempotencyRecord extends Document {
  object: 'sim.idempotency';
  fingerprint: string;
  status: number;
  body: unknown;
  request: string;
}

/** What the control API sets; one document. */
export interface Settings extends Document {
  object: 'sim.settings';
  /** How a fraction of a price becomes minor units. */
  proration_rounding: 'floor' | 'nearest';
  /** What becomes of a subscription whose last retry has failed. */
  after_last_retry: 'cancel' | 'unpaid' | 'past_due';
  /** What the links to the hosted pages begin with. */
  base_url: string;
}

/** How far business time has been played; one document. */
export interface ClockDocument extends Document {
  object: 'sim.clock';
  now: number;
  /** `live` follows the wall clock with `offset`; `held` stands until it is advanced. */
  mode: 'live' | 'held';
  offset: number;
  /** When old events are next forgotten. */
  tidy_at: number;
}
