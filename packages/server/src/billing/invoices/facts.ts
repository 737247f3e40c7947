import { createHash } from 'node:crypto';
import { dateOf, idOf, type Stripe } from '../provider/stripe.ts';

const statuses = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const;
export type InvoiceStatus = (typeof statuses)[number];

/** What we keep of an invoice; money in minor units of `currency`. */
export interface InvoiceFacts {
  readonly stripe_invoice_id: string;
  readonly number: string | null;
  readonly status: InvoiceStatus;
  readonly reason: string;
  readonly currency: string;
  readonly total_minor: number;
  readonly amount_due_minor: number;
  readonly amount_paid_minor: number;
  readonly amount_remaining_minor: number;
  readonly credited_minor: number;
  readonly period_start: Date;
  readonly period_end: Date;
  readonly attempt_count: number;
  readonly action_required: boolean;
  readonly created_at: Date;
  readonly finalized_at: Date | null;
  readonly due_at: Date | null;
  readonly next_attempt_at: Date | null;
  readonly paid_at: Date | null;
  readonly voided_at: Date | null;
  readonly hosted_invoice_url: string | null;
}

export type LineKind = 'base' | 'proration' | 'overage' | 'credit';

/** A line as the provider has it. */
export interface LineFacts {
  readonly stripe_line_id: string;
  readonly kind: LineKind;
  readonly description: string;
  readonly quantity: number;
  /** In minor units, with decimals; null where the amount is no multiple of it. */
  readonly unit_minor: string | null;
  readonly amount_minor: number;
  readonly period_start: Date;
  readonly period_end: Date;
  readonly stripe_price_id: string | null;
  readonly stripe_item_id: string | null;
  /** `bill_…` of the overage bill that the line stands for. */
  readonly bill_id: string | null;
}

/** The name under which an item tells which bill it is for. */
export const billMetadata = 'overage_bill_id';

export function factsOfInvoice(invoice: Stripe.Invoice): InvoiceFacts {
  const { status_transitions: times } = invoice;
  return {
    stripe_invoice_id: invoice.id,
    number: invoice.number,
    status: statusOf(invoice),
    reason: invoice.billing_reason ?? 'manual',
    currency: invoice.currency,
    total_minor: invoice.total,
    amount_due_minor: invoice.amount_due,
    amount_paid_minor: invoice.amount_paid,
    amount_remaining_minor: invoice.amount_remaining,
    credited_minor: invoice.post_payment_credit_notes_amount,
    period_start: dateOf(invoice.period_start),
    period_end: dateOf(invoice.period_end),
    attempt_count: invoice.attempt_count,
    action_required: isActionRequired(invoice),
    created_at: dateOf(invoice.created),
    finalized_at: timeOf(times.finalized_at),
    due_at: timeOf(invoice.due_date),
    next_attempt_at: timeOf(invoice.next_payment_attempt),
    paid_at: timeOf(times.paid_at),
    voided_at: timeOf(times.voided_at),
    hosted_invoice_url: invoice.hosted_invoice_url ?? null,
  };
}

function statusOf({ id, status }: Stripe.Invoice): InvoiceStatus {
  const known = statuses.find((one) => one === status);
  if (known === undefined) throw new Error(`the invoice ${id} has the unknown status ${status}`);
  return known;
}

function timeOf(unixSeconds: number | null): Date | null {
  return unixSeconds === null ? null : dateOf(unixSeconds);
}

/** Only where its payments were asked for with it (provider-state.ts does for open ones). */
function isActionRequired(invoice: Stripe.Invoice): boolean {
  if (invoice.status !== 'open') return false;
  return (invoice.payments?.data ?? []).some(({ status, payment }) => {
    const intent = payment.payment_intent;
    return status === 'open' && typeof intent === 'object' && intent.status === 'requires_action';
  });
}

export function factsOfLine(line: Stripe.InvoiceLineItem): LineFacts {
  const billId = line.metadata[billMetadata] ?? null;
  const kind = kindOf(line, billId !== null);
  return {
    stripe_line_id: line.id,
    kind,
    description: line.description ?? '',
    quantity: line.quantity ?? 1,
    unit_minor: kind === 'base' ? (line.pricing?.unit_amount_decimal?.toString() ?? null) : null,
    amount_minor: line.amount,
    period_start: dateOf(line.period.start),
    period_end: dateOf(line.period.end),
    stripe_price_id: idOf(line.pricing?.price_details?.price),
    stripe_item_id: idOf(line.parent?.invoice_item_details?.invoice_item),
    bill_id: billId,
  };
}

function kindOf(line: Stripe.InvoiceLineItem, isOfBill: boolean): LineKind {
  const { subscription_item_details: ofItem, invoice_item_details: oneOff } = line.parent ?? {};
  if (isOfBill) return 'overage';
  if (ofItem?.proration === true || oneOff?.proration === true) return 'proration';
  return line.amount < 0 ? 'credit' : 'base';
}

/** Changes when anything does that we keep. */
export function digestOf(facts: InvoiceFacts, lines: readonly LineFacts[]): string {
  return createHash('sha256')
    .update(JSON.stringify([facts, lines]))
    .digest('base64url');
}
