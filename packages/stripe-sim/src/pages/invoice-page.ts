import { showAmount } from '../billing/money.ts';
import { testCards } from '../billing/test-cards.ts';
import { payIntent } from '../resources/payment-intents.ts';
import { attach, makeTestMethod } from '../resources/payment-methods.ts';
import { intentOf } from '../billing/collect.ts';
import type { Invoice } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import type { HttpReply } from '../wire/http.ts';
import { StripeError } from '../wire/stripe-error.ts';
import { cardChoice, errorLine, html, page, redirect, type Html } from './html.ts';
import { missing, type Page } from './visit.ts';
import { simplePdf } from './pdf.ts';

/** An invoice to read, to pay with a test card, and as a PDF. */
export const invoicePage: Page = (tx, { form, parts }) => {
  const [id = '', secret = '', kind] = parts;
  const invoice = tx.get('invoice', id);
  if (invoice === undefined || secret === '' || invoice['sim_page_secret'] !== secret)
    return missing();
  if (kind === 'pdf') return asPdf(invoice);
  if (form === undefined || invoice.status !== 'open') return show(tx, invoice);
  const card = form.get('card') ?? '';
  if (!(card in testCards)) return show(tx, invoice, 'Pick one of the test cards.');
  const error = pay(tx, invoice, card);
  if (error !== undefined) return show(tx, invoice, error);
  const next = intentOf(tx, invoice).next_action as { redirect_to_url?: { url: string } } | null;
  return next?.redirect_to_url === undefined
    ? show(tx, invoice)
    : redirect(next.redirect_to_url.url);
};

/** Answers what went wrong; the attempt stays on record either way. */
function pay(tx: Transaction, invoice: Invoice, card: string): string | undefined {
  const method = makeTestMethod(tx, card);
  try {
    attach(tx, method, invoice.customer);
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
  }
  return payIntent(tx, intentOf(tx, invoice), method, false)?.message;
}

function show(_: Transaction, invoice: Invoice, error?: string): HttpReply {
  const { currency } = invoice;
  const pdf = String(invoice['invoice_pdf']);
  return page(
    `Invoice ${invoice.number}`,
    html`${errorLine(error)}
      <p>
        ${textOf(invoice['customer_name']) ?? textOf(invoice['customer_email']) ?? invoice.customer}
        · ${day(invoice.created)} ·
        <strong>${invoice.status}</strong>
      </p>
      ${lines(invoice)}
      <p><a href="${pdf}">PDF</a></p>
      ${
        invoice.status === 'open'
          ? html`<form method="post">
              ${cardChoice()}
              <button>Pay ${showAmount(invoice.amount_remaining, currency)}</button>
            </form>`
          : html``
      }`,
    error === undefined ? 200 : 402,
  );
}

function lines(invoice: Invoice): Html {
  const { currency } = invoice;
  const rows = invoice.lines.data.map(
    (line) =>
      html`<tr>
        <td>${line.description ?? 'Item'}</td>
        <td>${showAmount(line.amount, currency)}</td>
      </tr>`,
  );
  return html`<table>
    ${rows}
    <tr>
      <td>Total</td>
      <td>${showAmount(invoice.total, currency)}</td>
    </tr>
    <tr>
      <td>Balance applied</td>
      <td>${showAmount(invoice.amount_due - invoice.total, currency)}</td>
    </tr>
    <tr>
      <th>Due</th>
      <th>${showAmount(invoice.amount_remaining, currency)}</th>
    </tr>
  </table>`;
}

function asPdf(invoice: Invoice): HttpReply {
  const { currency } = invoice;
  const text = [
    'SIMULATED INVOICE: no money moves',
    '',
    `Invoice ${invoice.number}`,
    `Date ${day(invoice.created)}   Status ${invoice.status}`,
    `Customer ${textOf(invoice['customer_email']) ?? invoice.customer}`,
    '',
    ...invoice.lines.data.map(
      (line) => `${showAmount(line.amount, currency).padStart(16)}   ${line.description ?? 'Item'}`,
    ),
    '',
    `${showAmount(invoice.total, currency).padStart(16)}   Total`,
    `${showAmount(invoice.amount_remaining, currency).padStart(16)}   Due`,
  ];
  return {
    status: 200,
    headers: {
      'content-type': 'application/pdf',
      'content-disposition': `inline; filename="simulated-${invoice.number}.pdf"`,
      'x-content-type-options': 'nosniff',
    },
    body: simplePdf(text),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function day(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}
