import type { Stripe } from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idOf, simulate, type Simulated } from '../test/simulated.ts';

let sim: Simulated;
beforeEach(async () => {
  sim = await simulate();
});
afterEach(() => sim.stop());

async function invoiceOf(amount: number, card = 'pm_card_visa'): Promise<Stripe.Invoice> {
  const customer = await sim.customer(card);
  await sim.stripe.invoiceItems.create({
    customer: customer.id,
    amount,
    currency: 'usd',
    description: 'Work',
  });
  const draft = await sim.stripe.invoices.create({
    customer: customer.id,
    pending_invoice_items_behavior: 'include',
  });
  return sim.stripe.invoices.finalizeInvoice(draft.id, { expand: ['payments'] });
}

async function paid(amount: number): Promise<Stripe.Invoice> {
  const { id } = await invoiceOf(amount);
  return sim.stripe.invoices.pay(id, { expand: ['payments'] });
}

const customerOf = (invoice: Stripe.Invoice) =>
  sim.stripe.customers.retrieve(idOf(invoice.customer)) as Promise<Stripe.Customer>;

test('a refund gives back what was charged, once', async () => {
  const invoice = await paid(1000);
  const intent = idOf(invoice.payments?.data[0]?.payment.payment_intent);
  await sim.stripe.refunds.create({ payment_intent: intent, amount: 400 });
  await expect(sim.stripe.refunds.create({ payment_intent: intent, amount: 601 })).rejects.toThrow(
    'greater than unrefunded amount',
  );
  await sim.stripe.refunds.create({ payment_intent: intent });
  const { latest_charge: charge } = await sim.stripe.paymentIntents.retrieve(intent, {
    expand: ['latest_charge.refunds'],
  });
  expect(charge).toMatchObject({ amount_refunded: 1000, refunded: true });
  await expect(sim.stripe.refunds.create({ payment_intent: intent })).rejects.toMatchObject({
    code: 'charge_already_refunded',
  });
});

test('a credit note of a paid invoice goes onto the card and onto the balance, to the cent', async () => {
  const invoice = await paid(1000);
  const note = await sim.stripe.creditNotes.create({
    invoice: invoice.id,
    amount: 700,
    refund_amount: 300,
    credit_amount: 400,
    reason: 'order_change',
  });
  expect(note).toMatchObject({ amount: 700, type: 'post_payment', status: 'issued' });
  expect(await customerOf(invoice)).toMatchObject({ balance: -400 });
  expect(await sim.stripe.invoices.retrieve(invoice.id)).toMatchObject({
    post_payment_credit_notes_amount: 700,
    amount_paid: 1000,
  });
  await expect(
    sim.stripe.creditNotes.create({ invoice: invoice.id, amount: 301, credit_amount: 301 }),
  ).rejects.toThrow('more than what is left');
  await expect(
    sim.stripe.creditNotes.create({ invoice: invoice.id, amount: 100, credit_amount: 90 }),
  ).rejects.toThrow('must equal');
});

test('a credit note of an open invoice lowers what is due; for all of it, it is paid', async () => {
  const invoice = await invoiceOf(1000);
  const id = invoice.id;
  const [line] = invoice.lines.data;
  await sim.stripe.creditNotes.create({
    invoice: id,
    lines: [{ type: 'invoice_line_item', invoice_line_item: line?.id ?? '', amount: 400 }],
  });
  expect(await sim.stripe.invoices.retrieve(id)).toMatchObject({
    amount_due: 600,
    pre_payment_credit_notes_amount: 400,
  });
  await sim.stripe.creditNotes.create({ invoice: id, amount: 600 });
  expect(await sim.stripe.invoices.retrieve(id)).toMatchObject({ status: 'paid', amount_paid: 0 });
});

test('the preview of a credit note leaves nothing behind', async () => {
  const invoice = await paid(1000);
  const preview = await sim.stripe.creditNotes.preview({
    invoice: invoice.id,
    amount: 500,
    credit_amount: 500,
  });
  expect(preview.amount).toBe(500);
  expect((await sim.stripe.creditNotes.list({ invoice: invoice.id })).data).toEqual([]);
  expect(await customerOf(invoice)).toMatchObject({ balance: 0 });
});

test('the balance is moved by transactions that add up to it, and pays the next invoice', async () => {
  const customer = await sim.customer();
  for (const amount of [-700, 200, -100]) {
    await sim.stripe.customers.createBalanceTransaction(customer.id, { amount, currency: 'usd' });
  }
  const draft = await sim.stripe.invoices.create({ customer: customer.id });
  await sim.stripe.invoiceItems.create({
    customer: customer.id,
    invoice: draft.id,
    amount: 1000,
    currency: 'usd',
  });
  const invoice = await sim.stripe.invoices.pay(draft.id);
  expect(invoice).toMatchObject({ starting_balance: -600, ending_balance: 0, amount_paid: 400 });
  const { data } = await sim.stripe.customers.listBalanceTransactions(customer.id);
  expect(data.map(({ amount, ending_balance }) => [amount, ending_balance])).toEqual([
    [600, 0],
    [-100, -600],
    [200, -500],
    [-700, -700],
  ]);
});

test('a voided invoice gives back the credit it took', async () => {
  const customer = await sim.customer('pm_card_chargeCustomerFail');
  await sim.stripe.customers.createBalanceTransaction(customer.id, {
    amount: -400,
    currency: 'usd',
  });
  const draft = await sim.stripe.invoices.create({ customer: customer.id });
  await sim.stripe.invoiceItems.create({
    customer: customer.id,
    invoice: draft.id,
    amount: 1000,
    currency: 'usd',
  });
  expect(await sim.stripe.invoices.finalizeInvoice(draft.id)).toMatchObject({ amount_due: 600 });
  expect(await sim.stripe.customers.retrieve(customer.id)).toMatchObject({ balance: 0 });
  await sim.stripe.invoices.voidInvoice(draft.id);
  expect(await sim.stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -400 });
});

test('a finalized invoice keeps its lines and its number', async () => {
  const invoice = await invoiceOf(1000);
  expect(invoice.number).toMatch(/^\w{8}-0001$/);
  const customer = idOf(invoice.customer);
  await expect(
    sim.stripe.invoiceItems.create({
      customer,
      invoice: invoice.id,
      amount: 1,
      currency: 'usd',
    }),
  ).rejects.toMatchObject({ code: 'invoice_not_editable' });
  const { data } = await sim.stripe.invoiceItems.list({ customer });
  await expect(sim.stripe.invoiceItems.del(data[0]?.id ?? '')).rejects.toThrow('finalized');
  await expect(sim.stripe.invoices.finalizeInvoice(invoice.id)).rejects.toMatchObject({
    code: 'invoice_not_editable',
  });
  await expect(sim.stripe.invoices.del(invoice.id)).rejects.toThrow('void this one instead');
});

test('a draft takes changes: an item is changed, another deleted, the draft thrown away', async () => {
  const customer = await sim.customer();
  const draft = await sim.stripe.invoices.create({ customer: customer.id, currency: 'usd' });
  const base = { customer: customer.id, invoice: draft.id, currency: 'usd' };
  const first = await sim.stripe.invoiceItems.create({ ...base, amount: 100 });
  const second = await sim.stripe.invoiceItems.create({ ...base, amount: 50 });
  await sim.stripe.invoiceItems.update(first.id, { amount: 300 });
  await sim.stripe.invoiceItems.del(second.id);
  expect(await sim.stripe.invoices.retrieve(draft.id)).toMatchObject({ total: 300 });
  await sim.stripe.invoices.del(draft.id);
  await expect(sim.stripe.invoices.retrieve(draft.id)).rejects.toMatchObject({
    code: 'resource_missing',
  });
});

test('an invoice that is sent waits for its due date instead of a card', async () => {
  const customer = await sim.customer();
  const draft = await sim.stripe.invoices.create({
    customer: customer.id,
    collection_method: 'send_invoice',
    days_until_due: 14,
    currency: 'usd',
  });
  await sim.stripe.invoiceItems.create({
    customer: customer.id,
    invoice: draft.id,
    amount: 5000,
    currency: 'usd',
  });
  const sent = await sim.stripe.invoices.sendInvoice(draft.id);
  expect(sent).toMatchObject({ status: 'open', due_date: sim.simulator.now() + 14 * 86_400 });
  const settled = await sim.stripe.invoices.pay(sent.id, { paid_out_of_band: true });
  expect(settled).toMatchObject({ status: 'paid', amount_paid: 0 });
});

test('an invoice shows ten lines, and all of them page by page', async () => {
  const customer = await sim.customer();
  for (let amount = 1; amount <= 23; amount += 1) {
    await sim.stripe.invoiceItems.create({ customer: customer.id, amount, currency: 'usd' });
  }
  const draft = await sim.stripe.invoices.create({
    customer: customer.id,
    pending_invoice_items_behavior: 'include',
  });
  expect(draft.lines).toMatchObject({ has_more: true });
  expect(draft.lines.data).toHaveLength(10);
  const lines = await sim.stripe.invoices
    .listLineItems(draft.id, { limit: 9 })
    .autoPagingToArray({ limit: 100 });
  expect(lines.map((line) => line.amount)).toEqual(Array.from({ length: 23 }, (_, n) => n + 1));
});
