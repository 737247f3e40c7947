import { markPaid } from '../billing/invoice-paid.ts';
import { intentOf } from '../billing/collect.ts';
import { emit } from '../delivery/emit.ts';
import type { Invoice } from '../store/documents.ts';
import type { CreditNote } from '../store/payment-documents.ts';
import { randomText, type Transaction } from '../store/transaction.ts';
import { pageOf, pageOfItems, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route, words } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { changeBalance } from './balance.ts';
import { refundCharge } from './refunds.ts';
import { create, mergeMetadata, need, patch, type MetadataInput } from './shared.ts';

interface LineInput {
  type: string;
  amount?: number;
  description?: string;
  invoice_line_item?: string;
  quantity?: number;
  unit_amount?: number;
}

interface Input {
  invoice: string;
  amount?: number;
  credit_amount?: number;
  lines?: LineInput[];
  memo?: string;
  metadata?: MetadataInput;
  out_of_band_amount?: number;
  reason?: string;
  refund_amount?: number;
}

const names = [
  ...words('invoice amount credit_amount memo metadata out_of_band_amount reason'),
  'refund_amount',
  ...words('type amount description invoice_line_item quantity unit_amount').map(
    (name) => `lines.${name}`,
  ),
];

export const creditNoteRoutes: readonly Route[] = [
  route<Input>('POST /v1/credit_notes', names, createNote),
  route<Input>('GET /v1/credit_notes/preview', names, (tx, params) =>
    createNote(tx.sandbox(), params),
  ),
  route<Input>('POST /v1/credit_notes/{}', ['memo', 'metadata'], (tx, params, id) => {
    const note = need(tx, 'credit_note', id);
    patch(note, { ...params }, ['memo']);
    note.metadata = mergeMetadata(note.metadata, params.metadata);
    emit(tx, 'credit_note.updated', note);
    return note;
  }),
  route('GET /v1/credit_notes/{}', [], (tx, _, id) => need(tx, 'credit_note', id)),
  route<PageParams & { customer?: string; invoice?: string }>(
    'GET /v1/credit_notes',
    [...pageParams, 'customer', 'invoice'],
    (tx, params) =>
      pageOf(tx, 'credit_note', params, {
        url: '/v1/credit_notes',
        owner: params.customer,
        test: (note) => note.invoice === (params.invoice ?? note.invoice),
      }),
  ),
  route<PageParams>(
    'GET /v1/credit_notes/{}/lines',
    ['limit', 'starting_after', 'ending_before'],
    (tx, params, id) => {
      const { lines } = need(tx, 'credit_note', id);
      const items = lines.data as { id: string; amount: number }[];
      return pageOfItems('credit_note_line_item', items, params, `/v1/credit_notes/${id}/lines`);
    },
  ),
  route('POST /v1/credit_notes/{}/void', [], (tx, _, id) => {
    const note = need(tx, 'credit_note', id);
    const invoice = need(tx, 'invoice', note.invoice);
    if (note.status === 'void' || note.post_payment_amount > 0 || invoice.status !== 'open') {
      throw invalidRequest('Only credit notes of open invoices can be voided.');
    }
    note.status = 'void';
    note.voided_at = tx.now;
    invoice.pre_payment_credit_notes_amount -= note.amount;
    setDue(tx, invoice, invoice.amount_due + note.amount);
    emit(tx, 'credit_note.voided', note);
    return note;
  }),
];

/**
 * Lowers an open invoice, or gives back what was paid: onto the card, onto the balance, or outside of
 * Stripe. What is given back must add up to the note.
 */
function createNote(tx: Transaction, params: Input): CreditNote {
  const invoice = need(tx, 'invoice', params.invoice, 'invoice');
  const lines = linesOf(invoice, params);
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  if (amount <= 0) {
    throw invalidRequest('The credit note needs an `amount` or `lines`.', { param: 'amount' });
  }
  const isPaid = invoice.status === 'paid';
  if (!isPaid && invoice.status !== 'open') {
    throw invalidRequest(
      `Credit notes are for open and paid invoices; this one is ${invoice.status}.`,
    );
  }
  const note = makeNote(tx, invoice, params, lines, amount, isPaid);
  if (isPaid) giveBack(tx, invoice, note, params);
  else {
    if (amount > invoice.amount_remaining) throw tooMuch(amount, invoice.amount_remaining);
    invoice.pre_payment_credit_notes_amount += amount;
    setDue(tx, invoice, invoice.amount_due - amount);
  }
  emit(tx, 'credit_note.created', note);
  if (!isPaid && invoice.amount_remaining === 0) markPaid(tx, invoice);
  return note;
}

type NoteLine = { amount: number; [field: string]: unknown };

function linesOf(invoice: Invoice, params: Input): NoteLine[] {
  if (params.lines === undefined) {
    return [noteLine({ type: 'custom_line_item', amount: params.amount ?? 0 }, 'Credit')];
  }
  return params.lines.map((input) => {
    if (input.type !== 'invoice_line_item') return noteLine(input, input.description ?? 'Credit');
    const line = invoice.lines.data.find((one) => one.id === input.invoice_line_item);
    if (line === undefined) {
      throw invalidRequest(`No such invoice line item: '${input.invoice_line_item}'`, {
        code: 'resource_missing',
        param: 'lines',
      });
    }
    return noteLine({ ...input, amount: input.amount ?? line.amount }, line.description);
  });
}

function noteLine(input: LineInput, description: string | null): NoteLine {
  const quantity = input.quantity ?? null;
  const amount = input.amount ?? (input.unit_amount ?? 0) * (quantity ?? 1);
  return {
    id: `cnli_${randomText(24)}`,
    object: 'credit_note_line_item',
    amount,
    description,
    discount_amount: 0,
    discount_amounts: [],
    ...(input.invoice_line_item === undefined
      ? {}
      : { invoice_line_item: input.invoice_line_item }),
    livemode: false,
    metadata: {},
    pretax_credit_amounts: [],
    quantity,
    tax_rates: [],
    taxes: [],
    type: input.type,
    unit_amount: input.unit_amount ?? null,
    unit_amount_decimal: input.unit_amount === undefined ? null : String(input.unit_amount),
  };
}

function makeNote(
  tx: Transaction,
  invoice: Invoice,
  params: Input,
  lines: NoteLine[],
  amount: number,
  isPaid: boolean,
): CreditNote {
  const count = tx.getAll('credit_note', invoice.customer, (one) => one.invoice === invoice.id);
  const note = create(tx, 'credit_note', {
    amount,
    currency: invoice.currency,
    customer: invoice.customer,
    invoice: invoice.id,
    effective_at: tx.now,
    memo: params.memo ?? null,
    metadata: mergeMetadata({}, params.metadata),
    number: `${invoice.number}-CN-${String(count.length + 1).padStart(2, '0')}`,
    out_of_band_amount: params.out_of_band_amount ?? null,
    post_payment_amount: isPaid ? amount : 0,
    pre_payment_amount: isPaid ? 0 : amount,
    reason: params.reason ?? null,
    status: 'issued',
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    type: isPaid ? 'post_payment' : 'pre_payment',
    sim_owner: invoice.customer,
  });
  note['pdf'] = String(invoice['invoice_pdf']);
  const url = `/v1/credit_notes/${note.id}/lines`;
  note.lines = { object: 'list', data: lines, has_more: false, url };
  return note;
}

function giveBack(tx: Transaction, invoice: Invoice, note: CreditNote, params: Input): void {
  const left = invoice.total - invoice.post_payment_credit_notes_amount;
  if (note.amount > left) throw tooMuch(note.amount, left);
  const { refund_amount: refunded = 0, credit_amount: credited = 0 } = params;
  const given = refunded + credited + (params.out_of_band_amount ?? 0);
  if (given !== note.amount) {
    throw invalidRequest(
      `The sum of credit amount, refund amount and out of band amount (${given}) must equal the ` +
        `credit note amount (${note.amount}).`,
    );
  }
  invoice.post_payment_credit_notes_amount += note.amount;
  if (credited > 0) {
    const customer = need(tx, 'customer', invoice.customer);
    const why = { type: 'credit_note', credit_note: note.id, invoice: invoice.id };
    const moved = changeBalance(tx, customer, -credited, invoice.currency, why);
    note['customer_balance_transaction'] = moved.id;
  }
  if (refunded > 0) {
    const charge = tx.get('charge', intentOf(tx, invoice).latest_charge ?? '');
    if (charge === undefined) throw invalidRequest('This invoice has no charge to refund.');
    const refund = refundCharge(tx, charge, refunded);
    note['refunds'] = [
      { amount_refunded: refunded, refund: refund.id, type: 'refund', payment_record_refund: null },
    ];
  }
}

function setDue(tx: Transaction, invoice: Invoice, due: number): void {
  invoice.amount_due = due;
  invoice.amount_remaining = due;
  const intent = intentOf(tx, invoice);
  if (due > 0) intent.amount = due;
}

function tooMuch(amount: number, left: number): Error {
  return invalidRequest(
    `The credit note's amount (${amount}) is more than what is left (${left}).`,
    {
      param: 'amount',
    },
  );
}
