/**
 * The objects the simulator keeps, in the shape in which Stripe shows them. Only the fields its own
 * rules read are named here; that the whole is what Stripe would send, the contract checks on every
 * response. A field that begins with `sim_` is ours and never leaves the simulator.
 */
export interface Document {
  id: string;
  object: string;
  created: number;
  /** Order of creation: lists are sorted by it. */
  sim_seq: number;
  /** Whose it is: lists and the clock find by it. */
  sim_owner?: string | undefined;
  [field: string]: unknown;
}

export type Metadata = Record<string, string>;

export interface ListOf<Item> {
  object: 'list';
  data: Item[];
  has_more: boolean;
  url: string;
}

export interface Period {
  start: number;
  end: number;
}

export interface Customer extends Document {
  object: 'customer';
  balance: number;
  currency: string | null;
  delinquent: boolean;
  email: string | null;
  name: string | null;
  address: unknown;
  phone: string | null;
  invoice_prefix: string;
  next_invoice_sequence: number;
  invoice_settings: { default_payment_method: string | null; [field: string]: unknown };
  metadata: Metadata;
  test_clock: string | null;
  deleted?: boolean;
}

export interface PaymentMethod extends Document {
  object: 'payment_method';
  customer: string | null;
  type: string;
  card: { brand: string; last4: string; exp_month: number; exp_year: number };
  metadata: Metadata;
  /** Name of the test card it was made from: decides what a charge does. */
  sim_card: string;
  /** The holder has authenticated it once, so that later charges need no one present. */
  sim_authenticated: boolean;
}

export interface SetupIntent extends Document {
  object: 'setup_intent';
  status: string;
  customer: string | null;
  payment_method: string | null;
  client_secret: string;
  metadata: Metadata;
  next_action: unknown;
  last_setup_error: unknown;
  cancellation_reason: string | null;
}

export interface Product extends Document {
  object: 'product';
  name: string;
  active: boolean;
  default_price: string | null;
  updated: number;
  metadata: Metadata;
  deleted?: boolean;
}

export interface CurrencyOption {
  unit_amount: number | null;
  unit_amount_decimal: string | null;
  tax_behavior: string;
  custom_unit_amount: null;
}

export type Interval = 'day' | 'week' | 'month' | 'year';

export interface Recurring {
  interval: Interval;
  interval_count: number;
  meter: null;
  trial_period_days: number | null;
  usage_type: string;
}

export interface Price extends Document {
  object: 'price';
  active: boolean;
  currency: string;
  product: string;
  nickname: string | null;
  lookup_key: string | null;
  recurring: Recurring | null;
  type: 'recurring' | 'one_time';
  unit_amount: number | null;
  unit_amount_decimal: string | null;
  currency_options: Record<string, CurrencyOption>;
  metadata: Metadata;
}

/** What was last debited for an item; a change credits the unused part of exactly this. */
export interface Debit {
  amount: number;
  period: Period;
  invoice: string | null;
  line: string | null;
  invoice_item: string | null;
}

export interface SubscriptionItem {
  id: string;
  object: 'subscription_item';
  created: number;
  price: Price;
  plan: Record<string, unknown>;
  quantity: number;
  subscription: string;
  metadata: Metadata;
  current_period_start: number;
  current_period_end: number;
  sim_debit: Debit | null;
  [field: string]: unknown;
}

export type SubscriptionStatus =
  | 'active'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'past_due'
  | 'paused'
  | 'trialing'
  | 'unpaid';

export interface PendingUpdate {
  billing_cycle_anchor: number | null;
  expires_at: number;
  subscription_items: SubscriptionItem[] | null;
  trial_end: number | null;
  [field: string]: unknown;
}

export interface Subscription extends Document {
  object: 'subscription';
  customer: string;
  currency: string;
  status: SubscriptionStatus;
  items: ListOf<SubscriptionItem>;
  billing_cycle_anchor: number;
  start_date: number;
  trial_start: number | null;
  trial_end: number | null;
  trial_settings: {
    end_behavior: { missing_payment_method: string; billing_cycle_anchor: string | null };
  };
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  cancellation_details: Record<string, unknown> | null;
  ended_at: number | null;
  collection_method: string;
  days_until_due: number | null;
  default_payment_method: string | null;
  latest_invoice: string | null;
  metadata: Metadata;
  pause_collection: { behavior: string; resumes_at: number | null } | null;
  pending_update: PendingUpdate | null;
  payment_settings: Record<string, unknown> | null;
  pending_setup_intent: string | null;
  schedule: string | null;
  test_clock: string | null;
  description: string | null;
  /** Which invoice has to be paid before `pending_update` is applied. */
  sim_pending_invoice: string | null;
  sim_trial_notice_sent: boolean;
}

export interface Phase {
  start_date: number;
  end_date: number;
  items: { price: string; quantity: number; metadata: Metadata | null; [field: string]: unknown }[];
  proration_behavior: string;
  metadata: Metadata | null;
  trial_end: number | null;
  [field: string]: unknown;
}

export interface SubscriptionSchedule extends Document {
  object: 'subscription_schedule';
  customer: string;
  status: 'active' | 'canceled' | 'completed' | 'not_started' | 'released';
  subscription: string | null;
  released_subscription: string | null;
  released_at: number | null;
  canceled_at: number | null;
  completed_at: number | null;
  current_phase: { start_date: number; end_date: number } | null;
  end_behavior: string;
  phases: Phase[];
  metadata: Metadata | null;
  test_clock: string | null;
}

export interface InvoiceItem extends Document {
  object: 'invoiceitem';
  customer: string;
  currency: string;
  amount: number;
  description: string | null;
  invoice: string | null;
  date: number;
  metadata: Metadata;
  parent: { subscription_details: { subscription: string; subscription_item?: string } } | null;
  period: Period;
  pricing: { price_details?: { price: string; product: string } } | null;
  proration: boolean;
  proration_details?: unknown;
  quantity: number;
  quantity_decimal: string;
  test_clock: string | null;
}

export interface InvoiceLine {
  id: string;
  object: 'line_item';
  amount: number;
  subtotal: number;
  currency: string;
  description: string | null;
  invoice: string;
  metadata: Metadata;
  parent: Record<string, unknown>;
  period: Period;
  quantity: number | null;
  /** The pending item it came from, which a deleted draft gives back. */
  sim_item: string | null;
  [field: string]: unknown;
}

export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';

export interface Invoice extends Document {
  object: 'invoice';
  customer: string;
  currency: string;
  status: InvoiceStatus;
  billing_reason: string;
  collection_method: string;
  parent: { subscription_details: { subscription: string } | null } | null;
  lines: ListOf<InvoiceLine>;
  amount_due: number;
  amount_paid: number;
  amount_remaining: number;
  attempt_count: number;
  attempted: boolean;
  auto_advance: boolean;
  automatically_finalizes_at: number | null;
  days_until_due?: number | null;
  default_payment_method: string | null;
  description: string | null;
  due_date: number | null;
  effective_at: number | null;
  ending_balance: number | null;
  starting_balance: number;
  subtotal: number;
  total: number;
  metadata: Metadata;
  next_payment_attempt: number | null;
  number: string | null;
  period_start: number;
  period_end: number;
  pre_payment_credit_notes_amount: number;
  post_payment_credit_notes_amount: number;
  status_transitions: Record<string, number | null>;
  test_clock: string | null;
  webhooks_delivered_at: number | null;
  /** When the draft is finalized by itself; null: not before somebody asks. */
  sim_finalize_at: number | null;
  sim_payment_intent: string | null;
  sim_first_failure_at: number | null;
}
