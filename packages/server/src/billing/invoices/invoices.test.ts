import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../db/sql.ts';
import { setOverrides } from '../../subscriptions/overrides.ts';
import { type BillingWorld, createBillingWorld } from '../../test/billing.ts';
import { chargeOverage, convert, makeChargingPlan, providerInvoices } from '../../test/overage.ts';
import { scenario, type Scene } from '../../test/scenario.ts';
import { idOf } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';
import type { InvoiceWithLines, LineExplanation } from './schema.ts';

let world: BillingWorld;
let scene: Scene;
let base: string;
let invoices: InvoiceWithLines[];

/** Subscribed in June; 7 XLSX and 3 CSV past the limit, the price raised in between; renewed in July. */
beforeAll(async () => {
  world = await createBillingWorld({ start: '2027-06-01T12:00:00Z' });
  const { db, clock } = world;
  const plan = { included: 2, amountMinor: 2_900, price: '0.004' };
  const planId = await makeChargingPlan(world, plan);
  scene = await scenario(db, clock).organization('Zoë & Söhne 株式会社').create();
  const { organizationId: id } = scene;
  base = `/v1/workspaces/${id}/billing/invoices`;
  await world.subscribe(id, { planId });
  await chargeOverage(db, id);
  await convert(world, id, 9, 'XLSX_TO_CSV');
  clock.advance(1_000);
  const override = { overage_price: '0.125', expires_at: '2027-06-20T00:00:00Z' };
  await setOverrides(scene.ctx, { ...override, reason: 'Rush in June' });
  await convert(world, id, 3, 'CSV_TO_JSON');
  await world.advanceTo('2027-07-01T14:00:00Z');
  invoices = await Promise.all(
    (await listAll()).map(async (one) => {
      const { body } = await world.api.call(`GET ${base}/${one.id}`);
      return body as unknown as InvoiceWithLines;
    }),
  );
});
afterAll(() => world.close());

async function listAll(query = ''): Promise<InvoiceWithLines[]> {
  const { status, body } = await world.api.call(`GET ${base}${query}`);
  expect(status).toBe(200);
  return body.data as InvoiceWithLines[];
}

async function explain(index: number, query = ''): Promise<LineExplanation> {
  const [renewal] = invoices;
  const line = renewal?.lines[index];
  const reply = await world.api.call(
    `GET ${base}/${renewal?.id}/lines/${line?.id}/explain${query}`,
  );
  expect(reply.status).toBe(200);
  return reply.body as unknown as LineExplanation;
}

async function download(invoiceId: string | undefined, key: string | null) {
  return world.api.app.inject({
    method: 'GET',
    url: `${base}/${invoiceId}/pdf`,
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
  });
}

describe('GET …/billing/invoices', () => {
  test('200: newest first, paged', async () => {
    const all = await listAll();
    expect(all.map((one) => [one.reason, one.status, one.total_minor])).toEqual([
      ['subscription_cycle', 'paid', 2_941],
      ['subscription_create', 'paid', 2_900],
    ]);
    expect(await listAll('?limit=1')).toMatchObject([{ id: all[0]?.id }]);
    expect(await listAll(`?limit=1&starting_after=${all[0]?.id}`)).toMatchObject([
      { id: all[1]?.id },
    ]);
  });

  test('200: the one item of a bill is shown as its lines, which add up with the rest', () => {
    const [renewal] = invoices;
    expect(renewal?.lines).toMatchObject([
      { kind: 'base', quantity: 1, unit_amount: '29', amount_minor: 2_900, type: null },
      { kind: 'overage', quantity: 3, unit_amount: '0.125', amount_minor: 38, type: 'CSV_TO_JSON' },
      { kind: 'overage', quantity: 7, unit_amount: '0.004', amount_minor: 3, type: 'XLSX_TO_CSV' },
    ]);
    for (const { lines, total_minor: total } of invoices) {
      expect(lines.reduce((sum, line) => sum + line.amount_minor, 0)).toBe(total);
    }
    expect(renewal?.lines[1]?.period).toEqual({
      start: '2027-06-01T12:00:00.000Z',
      end: '2027-07-01T12:00:00.000Z',
    });
  });

  test('401, 403 without billing:read, 404 for a stranger and for what is not there', async () => {
    const { db, clock } = world;
    const key = { scopes: ['usage:read', 'billing:write'] } as const;
    const blind = await scenario(db, clock).organization().key(key).create();
    const stranger = await scenario(db, clock).organization().create();
    const [renewal] = invoices;
    const paths = ['', `/${renewal?.id}`, `/${renewal?.id}/lines/${renewal?.lines[1]?.id}/explain`];
    for (const path of [...paths, `/${renewal?.id}/pdf`]) {
      const statusFor = async (url: string, as: string | null) =>
        (await world.api.call(`GET ${url}`, { as })).status;
      expect(await statusFor(`${base}${path}`, null)).toBe(401);
      expect(await statusFor(`${base}${path}`, stranger.apiKey)).toBe(404);
      const ownBase = base.replace(scene.organizationId, blind.organizationId);
      expect(await statusFor(`${ownBase}${path}`, blind.apiKey)).toBe(403);
      const foreign = base.replace(scene.organizationId, stranger.organizationId);
      // Of a list, the stranger's own is empty; what is in it is not theirs.
      const expected = path === '' ? 200 : 404;
      expect(await statusFor(`${foreign}${path}`, stranger.apiKey)).toBe(expected);
    }
    const unknown = await world.api.call(`GET ${base}/${renewal?.id}/lines/line_none/explain`);
    expect(unknown.status).toBe(404);
    expect((await world.api.call(`GET ${base}?limit=0`)).status).toBe(400);
  });
});

describe('GET …/lines/{line}/explain', () => {
  test('200: overage names rule, plan version, override with who and until when, and the sum', async () => {
    const explanation = await explain(1);
    expect(explanation.sources).toMatchObject([
      {
        plan: { name: 'Charging', version: 1 },
        quantity: 3,
        override: {
          overage_price: '0.125',
          reason: 'Rush in June',
          author: { kind: 'super_admin', id: 'operator' },
          expires_at: '2027-06-20T00:00:00.000Z',
        },
      },
    ]);
    expect(explanation.arithmetic).toEqual({
      text: '3 × 0.125 USD = 37.5 minor units ≈ 0.38 USD',
      quantity: 3,
      unit_amount: '0.125',
      exact_minor: '37.5',
      amount_minor: 38,
      rounding: 'half up, once, to what the currency takes',
    });
    expect(explanation.rule).toContain('past the monthly limit');
  });

  test('200: every conversion of the line is there, once, a page at a time', async () => {
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const { conversions } = await explain(2, `?limit=3${after}`);
      seen.push(...(conversions?.data ?? []).map((one) => one.id));
      if (typeof conversions?.next_cursor !== 'string') break;
      after = `&starting_after=${conversions.next_cursor}`;
    }
    const events = await world.db.query<{ job_id: string }>(sql`SELECT job_id FROM usage_events
      WHERE organization_id = ${scene.organizationId} AND type = 'XLSX_TO_CSV'
        AND billed_as = 'overage'`);
    expect(seen).toHaveLength(7);
    expect(seen.toSorted()).toEqual(events.map((event) => event.job_id).toSorted());
  });

  test('200: the base price has its plan version, and counts no conversions', async () => {
    const explanation = await explain(0);
    expect(explanation).toMatchObject({
      sources: [{ plan: { name: 'Charging', version: 1 }, quantity: null, override: null }],
      arithmetic: { text: '1 × 29 USD = 29.00 USD', exact_minor: '2900', rounding: null },
      conversions: null,
    });
  });
});

test('GET …/pdf: 200, a PDF that says it is simulated, for any name a workspace may have', async () => {
  const reply = await download(invoices[0]?.id, scene.apiKey);
  expect(reply.statusCode).toBe(200);
  expect(reply.headers).toMatchObject({
    'content-type': 'application/pdf',
    'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename="usage-statement-${invoices[0]?.number}.pdf"`,
  });
  const text = await textOf(reply.rawPayload);
  for (const word of ['SIMULATED', 'Zoë & Söhne', '29.41 USD', 'Rush in June', 'Page 1 of 1']) {
    expect(text).toContain(word);
  }
  expect((await download('inv_none', scene.apiKey)).statusCode).toBe(404);
});

test('what happens to an invoice is told once, however often it is written', async () => {
  const { organizationId: id } = scene;
  await Promise.all([syncOrganization(world.deps, id), syncOrganization(world.deps, id)]);
  const told = await world.db.query<{ topic: string; n: number }>(sql`SELECT topic, count(*) AS n
    FROM outbox WHERE organization_id = ${id} AND topic LIKE 'invoice.%' GROUP BY 1 ORDER BY 1`);
  expect(told).toEqual([
    { topic: 'invoice.finalized', n: 2 },
    { topic: 'invoice.paid', n: 2 },
  ]);
  const [row] = await world.db.query(sql`SELECT payload - 'announced' AS payload FROM outbox
    WHERE organization_id = ${id} AND topic = 'invoice.paid' ORDER BY id DESC LIMIT 1`);
  const [renewal] = invoices;
  expect(row).toEqual({
    payload: {
      invoice_id: renewal?.id,
      number: renewal?.number,
      total_minor: 2_941,
      amount_due_minor: 2_941,
      currency: 'usd',
      hosted_invoice_url: renewal?.hosted_invoice_url,
    },
  });
});

test.each([
  ['chargeCustomerFail', 'invoice.payment_failed'],
  ['authenticationRequired', 'invoice.payment_action_required'],
])('a card that answers %s: %s, in the history and announced', async (card, topic) => {
  const planId = await makeChargingPlan(world, { included: 0, amountMinor: 2_900, price: '1' });
  const id = await world.organization();
  const { default_payment_method: method } = await world.subscribe(id, { planId });
  await world.simulator.run((tx) => {
    const kept = tx.get('payment_method', idOf(method) ?? '');
    if (kept !== undefined) kept.sim_card = card;
  });
  await world.advanceTo(new Date(world.clock.now().getTime() + 32 * 86_400_000));
  const rows = await world.db.query<{ dedupe_key: string; payload: object }>(
    sql`SELECT dedupe_key, payload FROM outbox WHERE organization_id = ${id} AND topic = ${topic}`,
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.payload).toMatchObject({ total_minor: 2_900, currency: 'usd' });
  const events = await world.db.query(sql`SELECT 1 AS one FROM billing_events
    WHERE organization_id = ${id} AND type = ${topic}`);
  expect(events.length).toBeGreaterThan(0);
});

test('money given back and a voided invoice are shown, and stand in the history', async () => {
  const { organizationId: id } = scene;
  const [first] = await providerInvoices(world, id);
  await world.stripe.creditNotes.create({
    invoice: first?.id ?? '',
    amount: 500,
    credit_amount: 500,
  });
  const customer = idOf(first?.customer) ?? '';
  const made = await world.stripe.invoices.create({ customer, auto_advance: false });
  const item = { customer, invoice: made.id, currency: 'usd', amount: 700, description: 'Set-up' };
  await world.stripe.invoiceItems.create(item);
  await world.stripe.invoices.finalizeInvoice(made.id, { auto_advance: false });
  await world.stripe.invoices.voidInvoice(made.id);
  await world.settle();
  const all = await listAll();
  expect(all.find((one) => one.reason === 'subscription_create')).toMatchObject({
    credited_minor: 500,
  });
  expect(all[0]).toMatchObject({ status: 'void', total_minor: 700 });
  const types = await world.db.query<{ type: string }>(sql`SELECT type FROM billing_events
    WHERE organization_id = ${id} AND type IN ('invoice.voided', 'invoice.credited') ORDER BY type`);
  expect(types.map(({ type }) => type)).toEqual(['invoice.credited', 'invoice.voided']);
});

test('an item that was changed at the provider is shown as it is', async () => {
  const planId = await makeChargingPlan(world, { included: 0, amountMinor: 2_900, price: '1' });
  const id = await world.organization();
  const { items } = await world.subscribe(id, { planId });
  await chargeOverage(world.db, id);
  await convert(world, id, 2);
  await world.advanceTo(new Date((items.data[0]?.current_period_end ?? 0) * 1000));
  const draft = (await providerInvoices(world, id)).at(-1);
  const item = draft?.lines.data.find((line) => line.metadata.overage_bill_id !== undefined);
  const itemId = String(item?.parent?.invoice_item_details?.invoice_item);
  await world.stripe.invoiceItems.update(itemId, { amount: 150 });
  await syncOrganization(world.deps, id);
  const { body } = await world.api.call(`GET /v1/workspaces/${id}/billing/invoices`);
  const [newest] = body.data as InvoiceWithLines[];
  const one = await world.api.call(`GET /v1/workspaces/${id}/billing/invoices/${newest?.id}`);
  expect(one.body).toMatchObject({
    total_minor: 3_050,
    lines: [{ kind: 'base' }, { kind: 'overage', amount_minor: 150, type: null }],
  });
});

/** The text of a PDF, by the reader that conversions use. */
async function textOf(pdf: Buffer): Promise<string> {
  const { PDFiumLibrary } = await import('@hyzyla/pdfium');
  const library = await PDFiumLibrary.init();
  const document = await library.loadDocument(pdf);
  const texts = [...document.pages()].map((page) => page.getText());
  document.destroy();
  library.destroy();
  return texts.join('\n');
}
