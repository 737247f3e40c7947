import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import { findBarriers, findOverflow, settle } from './barriers.ts';
import { call, visitSubscriber } from './subscriber.ts';
import { startWorld, type Visitor, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ billed: true });
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

test('the super admin finds who is blocked and lifts it in three clicks', async () => {
  const blocked = await world.visit({ scene: (plain) => plain.organization('Blocked').used(100) });
  expect(await world.convert(blocked)).toBe(402);
  const { page } = await world.visit({ superAdmin: true });
  await page.goto('/admin?state=near_limit');
  await page
    .getByRole('row', { name: /Blocked/ })
    .getByText('at the limit')
    .waitFor();
  await page.getByRole('link', { name: 'Blocked' }).click();
  await page.getByRole('heading', { level: 1, name: 'Blocked' }).waitFor();

  await page.getByRole('button', { name: 'Change limits' }).click();
  await page.getByText('Double').click();
  await page.getByRole('button', { name: 'Apply' }).click();
  const limits = page.getByRole('region', { name: 'Limits' });
  await limits.getByText('Agreed with the customer').waitFor();
  await page.getByText('of 200', { exact: true }).waitFor();
  expect(await world.convert(blocked)).toBe(201);
  const id = blocked.scene.organizationId;
  const kept =
    await world.rows(sql`SELECT override_monthly_limit AS monthly, override_reason AS reason,
      override_expires_at = current_period_end AS until_period_ends
    FROM organization_subscriptions WHERE organization_id = ${id}`);
  expect(kept).toMatchObject([{ monthly: 200, reason: 'Agreed with the customer' }]);
  const audited = await world.rows(sql`SELECT action, actor_kind AS kind FROM audit_log
    WHERE organization_id = ${id} AND action LIKE 'overrides.%'`);
  expect(audited).toEqual([{ action: 'overrides.set', kind: 'super_admin' }]);

  await world.rows(sql`UPDATE organization_subscriptions SET override_monthly_limit = 300,
    override_expires_at = NULL WHERE organization_id = ${id}`);
  await page.reload();
  await page.getByText('of 300', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Change limits' }).click();
  await page.getByLabel('At once').fill('3');
  await page.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Change limits' }).click();
  await page.getByLabel('Requests a minute').fill('90');
  await page.getByRole('button', { name: 'Apply' }).click();
  await limits.getByText('90', { exact: true }).waitFor();
  const afterwards = await world.rows(sql`SELECT override_monthly_limit AS monthly,
      override_concurrent_limit AS at_once, override_expires_at AS ends
    FROM organization_subscriptions WHERE organization_id = ${id}`);
  expect(afterwards).toEqual([{ monthly: 300, at_once: null, ends: null }]);

  await page.getByRole('link', { name: 'What was changed' }).click();
  await page.getByText('overrides.set').first().waitFor();
  await page.getByRole('button', { name: "Verify this workspace's chain" }).click();
  await page.getByText('intact').waitFor();
});

test('a plan is changed only after what it would do was seen, and its buyers keep their version', async () => {
  const { page } = await world.visit({ superAdmin: true });
  await page.goto('/admin/plans/plan_starter');
  await page.getByLabel('Conversions a period').fill('2000');
  await page.getByRole('button', { name: 'See what would change' }).click();
  await page.getByText('monthly conversion limit').waitFor();
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByText('2, on sale').waitFor();
  const versions = await world.rows(sql`SELECT version, monthly_conversion_limit AS monthly
    FROM subscription_plan_versions WHERE plan_id = 'plan_starter' ORDER BY version`);
  expect(versions).toEqual([
    { version: 1, monthly: 1000 },
    { version: 2, monthly: 2000 },
  ]);
});

test('prices past the limit are graduated and set by type, and what that changes is told in words', async () => {
  const { page } = await world.visit({ superAdmin: true });
  await page.goto('/admin/plans/plan_pro');
  await page.getByLabel('Days of trial').fill('14');
  const price = page.getByRole('group', { name: 'Price in USD every month' });
  await price.getByRole('button', { name: 'Graduate by number' }).click();
  await price.getByLabel('Each, step 1').fill('0.008');
  await price.getByLabel('Each later one').fill('0.004');
  await price.getByRole('button', { name: 'Add a price of one type' }).click();
  await price.getByLabel(/^Type 1/).fill('docx_to_pdf');
  await price.getByLabel('Each of type 1').fill('0.05');
  await page.getByRole('button', { name: 'See what would change' }).click();
  const report = page.getByRole('region', { name: 'What would change' });
  await report
    .getByText('past the limit $0.008 each, $0.004 from 101 on; DOCX_TO_PDF $0.05')
    .waitFor();
  await report.getByText('trial days 14').waitFor();
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByText('2, on sale').waitFor();
  await price.getByLabel('Each, step 1').waitFor();
  const kept =
    await world.rows(sql`SELECT v.features ->> 'trial_days' AS days, p.overage_tiers AS tiers,
      p.overage_amounts_by_type AS by_type
    FROM subscription_plan_versions v JOIN subscription_plan_prices p USING (plan_id, version)
    WHERE v.plan_id = 'plan_pro' AND v.version = 2 AND p.currency = 'usd' AND p.interval = 'month'`);
  expect(kept).toEqual([
    {
      days: '14',
      tiers: [
        { up_to: 100, amount: '0.008' },
        { up_to: null, amount: '0.004' },
      ],
      by_type: { DOCX_TO_PDF: '0.05' },
    },
  ]);
});

test('the super admin ends a subscription at once, after seeing what is paid back', async () => {
  const { scene } = await visitSubscriber(world);
  const { page } = await world.visit({ superAdmin: true });
  await page.goto(`/admin/workspaces/${scene.organizationId}`);
  await page.getByRole('button', { name: 'End it now' }).click();
  const dialog = page.getByRole('dialog');
  const refund = dialog.getByRole('radio', { name: /^Pay back \$1[89]\.\d\d to the card$/ });
  await refund.check();
  const label = await dialog.getByText('Pay back').innerText();
  await dialog.getByRole('button', { name: 'End it now' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Plan' }).getByText('Free, version').waitFor();
  const [, told = ''] = /\$([\d.]+)/.exec(label) ?? [];
  const paidBack = await world.rows<{
    minor: number;
  }>(sql`SELECT credited_minor AS minor FROM invoices
    WHERE organization_id = ${scene.organizationId}`);
  // By the second: between the look and the click it may have become a cent less.
  expect(Math.abs((paidBack[0]?.minor ?? 0) - Math.round(Number(told) * 100))).toBeLessThan(2);
});

test('the clock is moved a month ahead, and the renewal is seen; an event is played again', async () => {
  const { scene } = await visitSubscriber(world);
  const { page } = await world.visit({ superAdmin: true });
  await page.goto('/admin/clock');
  await page.getByRole('button', { name: 'A month ahead' }).click();
  await expect
    .poll(
      () => world.rows(sql`SELECT FROM invoices WHERE organization_id = ${scene.organizationId}`),
      {
        timeout: 25_000,
      },
    )
    .toHaveLength(2);
  await page.goto('/admin/stripe-events');
  await page.getByLabel('Type').fill('customer.subscription.updated');
  const row = page.getByRole('row', { name: /customer.subscription.updated/ }).first();
  await row.getByRole('button', { name: /^Replay/ }).click();
  await expect
    .poll(() => world.rows(sql`SELECT FROM audit_log WHERE action LIKE 'stripe_event.%'`))
    .not.toHaveLength(0);
});

test('the super admin looks through a member’s eyes, marked, and comes back', async () => {
  const member = await world.visit({ scene: (plain) => plain.organization('Theirs') });
  const { page } = await world.visit({ superAdmin: true });
  await page.goto(`/admin/workspaces/${member.scene.organizationId}`);
  await page.getByRole('button', { name: `Act as ${member.email}` }).click();
  await page.getByRole('status').getByText('You act as').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('You act as').waitFor({ state: 'detached' });
  await expect
    .poll(() =>
      world.rows(sql`SELECT action, target_id AS whom FROM audit_log
      WHERE action LIKE 'impersonation.%' ORDER BY sequence`),
    )
    .toEqual([
      { action: 'impersonation.started', whom: member.userId },
      { action: 'impersonation.ended', whom: member.userId },
    ]);
});

test('who was lost shows in the revenue, who pays most comes first, and slow endpoints are told', async () => {
  const lost = await visitSubscriber(world);
  const paying = await visitSubscriber(world, { scene: (plain) => plain.organization('Payer') });
  const end = `/v1/workspaces/${lost.scene.organizationId}/subscription`;
  await call(world, lost, `DELETE ${end}?when=now&settlement=none`, undefined, true);
  const { page } = await world.visit({ superAdmin: true });
  await page.goto('/admin/revenue');
  const month = page.getByRole('region', { name: /^Lost in / });
  await month.getByText('$19.00', { exact: true }).waitFor();
  await month.getByText('1 customer', { exact: true }).waitFor();
  const kept =
    await world.rows(sql`SELECT monthly_before::integer AS before, monthly_after::integer AS after
    FROM recurring_revenue_changes WHERE organization_id = ${lost.scene.organizationId}
    ORDER BY number`);
  expect(kept).toEqual([
    { before: null, after: 1900 },
    { before: 1900, after: null },
  ]);

  await page.goto('/admin');
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Most revenue' }).click();
  const first = page.getByRole('row').nth(1);
  await first.getByText('$19.00').waitFor();
  expect(await first.getByRole('link').getAttribute('href')).not.toContain(
    lost.scene.organizationId,
  );
  await page.getByRole('row', { name: /Payer/ }).getByText('$19.00').waitFor();
  expect(paying.scene.organizationId).not.toBe(lost.scene.organizationId);

  await page.goto('/admin/health');
  const slow = page.getByRole('region', { name: 'Slowest endpoints, last hour' });
  // Which ones they are is up to the machine.
  await slow
    .getByText(/^(?:GET|POST|PATCH|DELETE) \/v1\//)
    .first()
    .waitFor();
});

test('whoever runs nothing sees nothing of the platform', async () => {
  const { page } = await world.visit();
  await page.goto('/admin');
  await page.getByRole('heading', { name: 'Only for super admins' }).waitFor();
  expect(await page.getByRole('navigation').count()).toBe(0);
});

test('no page of billing or of the platform has a barrier, light or dark, or is wider than the screen', async () => {
  const visitor = await visitSubscriber(world, { superAdmin: true });
  const found: string[] = [];
  for (const path of await pathsOf(visitor)) found.push(...(await inspect(visitor.page, path)));
  expect(found).toEqual([]);
});

/** Light on a wide screen, then dark on a phone. */
async function inspect(page: Page, path: string): Promise<string[]> {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settle(page);
  const found: string[] = [];
  const looks = [
    ['light', 1440],
    ['dark', 390],
  ] as const;
  for (const [colorScheme, width] of looks) {
    // Without motion nothing is looked at halfway between two colours or widths.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    const barriers = await findBarriers(page);
    found.push(...barriers.map((barrier) => `${path}, ${colorScheme}: ${barrier}`));
    const overflow = await findOverflow(page);
    if (overflow > 0) found.push(`${path}: ${overflow} px too wide at ${width}`);
  }
  return found;
}

async function pathsOf({ scene: { organizationId: id } }: Visitor): Promise<string[]> {
  const [line] = await world.rows<{
    invoice: string;
    line: string;
  }>(sql`SELECT invoice_id AS invoice,
      id AS line FROM invoice_lines WHERE organization_id = ${id} LIMIT 1`);
  const invoice = `/${id}/billing/invoices/${line?.invoice}`;
  return [
    ...['', '/plans', '/change?plan=plan_pro&interval=month', '/invoices'].map(
      (rest) => `/${id}/billing${rest}`,
    ),
    invoice,
    `${invoice}/lines/${line?.line}`,
    '/admin',
    `/admin/workspaces/${id}`,
    ...['plans', 'plans/new', 'plans/plan_pro', 'revenue', 'health', 'mail'].map(
      (name) => `/admin/${name}`,
    ),
    ...['stripe-events', 'clock', 'audit-log'].map((name) => `/admin/${name}`),
  ];
}
