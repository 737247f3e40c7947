import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import { advance, call, visitSubscriber } from './subscriber.ts';
import { startWorld, type Visitor, type World } from './world.ts';

const table = { name: 'table.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') };
let world: World;

beforeAll(async () => {
  world = await startWorld({ billed: true });
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

async function pickCard(page: Page, label: RegExp, button: string): Promise<void> {
  await page.getByText('belongs to a Stripe simulator').waitFor();
  await page.getByLabel(label).check();
  await page.getByRole('button', { name: button }).click();
}

function subscriptionOf({ scene }: Visitor) {
  return world.rows<{ plan_id: string; status: string; ends: boolean }>(
    sql`SELECT plan_id, status, cancel_at_period_end AS ends FROM organization_subscriptions
      WHERE organization_id = ${scene.organizationId}`,
  );
}

test('who is at the limit upgrades on the hosted page, where one card is declined, and converts', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.used(100) });
  const { page, scene } = visitor;
  await visitor.open('billing');
  await page.getByText('simulated, no money moves').waitFor();
  await page.getByRole('link', { name: 'Compare plans' }).click();
  await page.getByRole('link', { name: 'Choose Starter' }).click();
  await page.getByText('Total').waitFor();
  await page.getByRole('button', { name: 'Continue to payment' }).click();
  await pickCard(page, /Insufficient funds/, 'Pay and subscribe');
  await page.getByText('insufficient funds').first().waitFor();
  expect(await subscriptionOf(visitor)).toMatchObject([{ plan_id: 'plan_free' }]);
  await pickCard(page, /Visa, succeeds/, 'Pay and subscribe');

  await page.getByRole('heading', { level: 1, name: 'Billing' }).waitFor();
  await page.getByText('visa ending in 4242').waitFor();
  await page.getByRole('link', { name: /-0001$/ }).waitFor();
  expect(await subscriptionOf(visitor)).toMatchObject([
    { plan_id: 'plan_starter', status: 'active' },
  ]);
  await visitor.open('convert');
  await page.setInputFiles('input[type=file]', table);
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  await page.getByRole('link', { name: 'Download' }).waitFor();
  const paid = await world.rows(sql`SELECT status, total_minor, currency FROM invoices
    WHERE organization_id = ${scene.organizationId}`);
  expect(paid).toEqual([{ status: 'paid', total_minor: 1900, currency: 'usd' }]);
});

test('a plan with days of trial is tried: nothing is paid today, and when it will be is said first', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  const plan = {
    name: 'Tried',
    monthly_conversion_limit: 500,
    concurrent_conversion_limit: 2,
    max_file_size_mb: 20,
    rate_limit_per_minute: 200,
    features: { trial_days: 14 },
    prices: [{ currency: 'usd', interval: 'month', amount_minor: 700 }],
  };
  await call(world, visitor, 'POST /v1/admin/plans', plan, true);
  await visitor.open('billing/plans');
  await page.getByText('14 days free to begin with').waitFor();
  await page.getByRole('link', { name: 'Try Tried for 14 days' }).click();
  await page.getByText(/^Free until .* from then on \$7\.00 every month/).waitFor();
  await page.getByRole('button', { name: 'Start the trial' }).click();
  await pickCard(page, /Visa, succeeds/, 'Pay and subscribe');
  await page.getByRole('heading', { level: 1, name: 'Billing' }).waitFor();
  const panel = page.getByRole('region', { name: 'Plan' });
  await panel.getByText('trialing').waitFor();
  await panel.getByText('Trial ends on').waitFor();
  expect(await subscriptionOf(visitor)).toMatchObject([{ status: 'trialing', ends: false }]);
  const paid = await world.rows(sql`SELECT coalesce(sum(amount_paid_minor), 0)::integer AS paid
    FROM invoices WHERE organization_id = ${scene.organizationId}`);
  expect(paid).toEqual([{ paid: 0 }]);
});

test('an upgrade costs what its preview says; a downgrade and an end can be taken back', async () => {
  const visitor = await visitSubscriber(world);
  const { page, scene } = visitor;
  await visitor.open('billing/plans');
  await page.getByRole('link', { name: 'Choose Pro' }).click();
  const pay = page.getByRole('button', { name: /^Pay \$[\d.]+ and change$/ });
  const [, told = ''] = /\$([\d.]+)/.exec(await pay.innerText()) ?? [];
  await pay.click();
  await page.getByRole('region', { name: 'Plan' }).getByText('Pro', { exact: true }).waitFor();
  const [invoice] = await world.rows<{ total_minor: number; reason: string }>(
    sql`SELECT total_minor, reason FROM invoices WHERE organization_id = ${scene.organizationId}
      ORDER BY created_at DESC, id DESC LIMIT 1`,
  );
  expect(invoice).toEqual({
    total_minor: Math.round(Number(told) * 100),
    reason: 'subscription_update',
  });

  await page.getByRole('link', { name: 'Compare plans' }).click();
  await page.getByRole('link', { name: 'Choose Starter' }).click();
  await page.getByRole('button', { name: 'Schedule the change' }).click();
  await page.getByText('the plan becomes Starter').waitFor();
  await page.getByRole('button', { name: 'Keep Pro' }).click();
  await page.getByText('the plan becomes Starter').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Resume Pro' }).waitFor();
  expect(await subscriptionOf(visitor)).toMatchObject([{ plan_id: 'plan_pro', ends: true }]);
  await page.getByRole('button', { name: 'Resume Pro' }).click();
  await page.getByRole('button', { name: 'Resume Pro' }).waitFor({ state: 'detached' });
  expect(await subscriptionOf(visitor)).toEqual([
    { plan_id: 'plan_pro', status: 'active', ends: false },
  ]);
});

test('an overage line opens to its arithmetic and to the conversions that it counts', async () => {
  const visitor = await visitSubscriber(world);
  const { page, scene } = visitor;
  const workspace = `/v1/workspaces/${scene.organizationId}`;
  await visitor.open('billing');
  await page.getByRole('radio', { name: 'Go on and pay' }).check();
  await page.getByLabel('Spend cap a usage period, USD').fill('5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const limit = { monthly_limit: 1, reason: 'A test' };
  await call(world, visitor, `PUT /v1/admin${workspace.slice(3)}/overrides`, limit, true);
  for (let made = 0; made < 3; made += 1) {
    expect(await world.convert(visitor)).toBe(201);
  }
  await advance(world, visitor, 32);

  await visitor.open('billing');
  await page.getByRole('link', { name: /-0002$/ }).click();
  await page.getByRole('link', { name: /past the limit/ }).click();
  await page.getByText('2 × 0.02 USD = 0.04 USD').waitFor();
  await page.getByText('A test').waitFor();
  const conversions = page.getByRole('table', { name: 'Conversions' }).getByRole('link');
  expect(await conversions.count()).toBe(2);
  const id = await conversions.first().innerText();
  await conversions.first().click();
  await page.getByText(id).first().waitFor();
  const lines = await world.rows(sql`SELECT kind, quantity, amount_minor FROM invoice_lines
    WHERE organization_id = ${scene.organizationId} AND kind = 'overage'`);
  expect(lines).toEqual([{ kind: 'overage', quantity: 2, amount_minor: 4 }]);
  const [event] = await world.rows(sql`SELECT billed_as FROM usage_events
    WHERE organization_id = ${scene.organizationId} AND job_id = ${id}`);
  expect(event).toEqual({ billed_as: 'overage' });
});

test('a renewal that is declined is told on the page, paid from there, and over', async () => {
  const visitor = await visitSubscriber(world);
  const { page } = visitor;
  await visitor.open('billing');
  await page.getByRole('button', { name: 'Change card' }).click();
  await pickCard(page, /Can be saved, every charge is declined/, 'Save card');
  await page.getByText('visa ending in 0341').waitFor();
  await advance(world, visitor, 32);

  await page.getByText('The last payment failed.').waitFor();
  expect(await subscriptionOf(visitor)).toMatchObject([
    { plan_id: 'plan_starter', status: 'past_due' },
  ]);
  await page.getByRole('link', { name: /^Pay invoice / }).click();
  await page.getByLabel(/Visa, succeeds/).check();
  await page.getByRole('button', { name: /^Pay/ }).click();
  await page.getByText('paid', { exact: true }).waitFor();
  await expect
    .poll(() => subscriptionOf(visitor), { timeout: 30_000 })
    .toMatchObject([{ status: 'active' }]);
  await visitor.open('billing');
  await page.getByRole('region', { name: 'Plan' }).getByText('active').waitFor();
  expect(await page.getByText('The last payment failed.').count()).toBe(0);
});

test('a card removed on the provider’s page is missed on every page, until another one is given', async () => {
  const visitor = await visitSubscriber(world);
  const { page } = visitor;
  await visitor.open('billing');
  await page.getByRole('button', { name: 'Payment portal' }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('Now: none').waitFor();
  const isCardKept = async () => {
    const [row] = await world.rows<{ kept: boolean }>(
      sql`SELECT payment_method IS NOT NULL AS kept FROM organization_subscriptions
        WHERE organization_id = ${visitor.scene.organizationId}`,
    );
    return row?.kept;
  };
  await expect.poll(isCardKept, { timeout: 30_000 }).toBe(false);
  await visitor.open('convert');
  await page
    .getByText('No card is on file, so the plan cannot be paid when it is next due.')
    .waitFor();
  await page.getByRole('status').getByRole('link', { name: 'Add a card' }).click();
  await page.getByText(/Starter is charged next on .*; without a card/).waitFor();
  await page.getByRole('status').getByRole('button', { name: 'Add a card' }).click();
  await pickCard(page, /Mastercard/, 'Save card');
  await page.getByText('mastercard ending in 4444').waitFor();
  expect(await page.getByText('No card is on file').count()).toBe(0);
  await visitor.open('convert');
  expect(await page.getByText('No card is on file').count()).toBe(0);
});

test('what is past the limit costs what the operator set, wherever it is told', async () => {
  const visitor = await world.visit({
    scene: (plain) => plain.plan('pro').overrides({ overage_price: '0.345' }).overage('charge'),
  });
  await visitor.open('billing');
  const { page } = visitor;
  const told = () => page.getByText('$0.345 each').innerText();
  expect(await told()).toBe('On the next invoice: $0.345 each.');
  await visitor.open('usage');
  expect(await told()).toBe('$0.345 each (set by the operator)');
});
