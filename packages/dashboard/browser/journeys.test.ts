import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import { linkMailedTo, testPassword } from '../../server/src/test/people.ts';
import { findOverflow } from './barriers.ts';
import { startWorld, type World } from './world.ts';

const workbook = join(import.meta.dirname, '../../../examples/sales.xlsx');
let world: World;

/** Somebody else's server, with a file on it. */
const elsewhere = createServer((request, response) => {
  if (request.url !== '/files/prices.csv') response.statusCode = 404;
  response.setHeader('content-type', 'text/csv').end('a,b\n1,2\n');
});

beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  world = await startWorld({ env: { IMPORT_ALLOWED_HOSTS: `127.0.0.1:${portOf(elsewhere)}` } });
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(async () => {
  await world.close();
  elsewhere.close();
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function choose(page: Page, ...files: Parameters<Page['setInputFiles']>[1][]) {
  await page.setInputFiles('input[type=file]', files as string[]);
}

test('somebody new signs up, converts a file and sees what it counted', async () => {
  const email = 'newcomer@example.com';
  const page = await world.newPage();
  await page.goto('/');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Your name').fill('Grace Hopper');
  await page.getByLabel('Mail address').fill(email);
  await page.locator('input[name=password]').fill(testPassword);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText(`on its way to ${email}`).waitFor();

  const link = await linkMailedTo(world.tested, email);
  await page.goto(link);
  await page.getByRole('heading', { name: "Grace's workspace" }).waitFor();
  const late = await world.newPage();
  await late.goto(link);
  await late.getByText('That link was used already').waitFor();
  await choose(page, workbook);
  await page.getByText('Counts 1 of 100 left').waitFor();
  await page.getByRole('combobox', { name: 'Convert to' }).click();
  await page.getByRole('option', { name: 'CSV', exact: true }).click();
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('sales.csv');

  await page.getByRole('link', { name: 'Details' }).click();
  await page.getByText('counted as one of the conversions that the plan includes').waitFor();
  const jobs = await world.rows<{ status: string; by_member: boolean }>(
    sql`SELECT j.status, j.member_id = m.id AS by_member FROM jobs j
      JOIN member m ON m.organization_id = j.organization_id
      JOIN "user" u ON u.id = m.user_id WHERE u.email = ${email}`,
  );
  expect(jobs).toEqual([{ status: 'succeeded', by_member: true }]);
});

test('by keyboard alone a file is converted, and a screen reader is told what happens', async () => {
  const visitor = await world.visit();
  const { page } = visitor;
  // The browser has to know beforehand that nobody sits there to choose one.
  const chooser = page.waitForEvent('filechooser');
  await visitor.open('');
  const focused = page.locator(':focus');
  const tabTo = async (name: string) => {
    for (let pressed = 0; pressed < 40; pressed += 1) {
      await page.keyboard.press('Tab');
      if ((await focused.innerText()) === name) return;
    }
    expect.fail(`Tab does not reach ${name}`);
  };
  await page.getByRole('button', { name: 'Choose files' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await focused.innerText()).toBe('Skip to the page');
  await page.keyboard.press('Enter');
  await tabTo('Choose files');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(workbook);
  await page.getByText('Counts 1 of 100 left').waitFor();
  await expect.poll(() => focused.innerText()).toBe('Convert');
  expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('H1');
  const card = page.getByRole('region', { name: 'sales.xlsx' });
  const status = card.getByRole('status');
  expect(await status.innerText()).toBe('');
  await tabTo('Options');
  await tabTo('Convert');
  await page.keyboard.press('Enter');
  await status.getByText('succeeded').waitFor();
  expect(await status.innerText()).toContain('sales.xlsx:');
  await tabTo('Download');
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toMatch(/^sales\./);
});

test('a file on the web is converted by its address; what cannot be fetched is told and costs nothing', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  const base = `http://127.0.0.1:${portOf(elsewhere)}/files`;
  await visitor.open('convert');
  const field = page.getByLabel('Or the address of a file on the web');
  await field.fill(`${base}/prices.csv`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const found = page.getByRole('region', { name: 'prices.csv' });
  await found.getByText('Counts 1 of 100 left').waitFor();
  await found.getByRole('combobox', { name: 'Convert to' }).click();
  await page.getByRole('option', { name: 'JSON', exact: true }).click();
  await found.getByRole('button', { name: 'Convert', exact: true }).click();
  const download = page.waitForEvent('download');
  await found.getByRole('link', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('prices.json');

  await field.fill(`${base}/gone`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const missing = page.getByRole('region', { name: 'gone' });
  await missing.getByRole('combobox', { name: 'Convert to' }).click();
  await page.getByRole('option', { name: 'PDF', exact: true }).click();
  await missing.getByRole('button', { name: 'Convert', exact: true }).click();
  await missing.getByRole('alert').waitFor();
  const counted = await world.rows(sql`SELECT used FROM usage_counters
    WHERE organization_id = ${scene.organizationId}`);
  expect(counted).toEqual([{ used: 1 }]);
});

test('who is at the limit is told so before and after, with the way out, and nothing counts', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.used(100) });
  const { page, scene } = visitor;
  await visitor.open('');
  await page.getByText('All 100 conversions of this period are used').waitFor();
  await visitor.open('convert');
  await choose(page, workbook);
  await page.getByText('All 100 conversions of this period are used. New ones from').waitFor();
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  const alert = page.getByRole('alert');
  await alert.getByText('quota_exceeded').waitFor();
  expect(await alert.getByRole('link', { name: 'See your limits' }).count()).toBe(1);
  const [counter] = await world.rows<{ used: number; reserved: number }>(
    sql`SELECT used, reserved FROM usage_counters WHERE organization_id = ${scene.organizationId}`,
  );
  expect(counter).toEqual({ used: 100, reserved: 0 });
});

test('several files are converted at once; a wrong one says what is wrong with it', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.plan('pro') });
  const { page, scene } = visitor;
  await visitor.open('convert');
  const text = (name: string, content: string) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(content),
  });
  await page.setInputFiles('input[type=file]', [
    text('good.csv', 'a,b\n1,2\n'),
    text('also.csv', 'a,b\n3,4\n'),
    text('broken.xlsx', 'this is no workbook'),
    text('what.qqq', 'unknown'),
  ]);
  await page.getByText('No conversion is offered for this file').waitFor();
  await page.getByRole('button', { name: 'Convert all' }).click();
  await page.getByRole('link', { name: 'Download' }).nth(1).waitFor();
  await page.getByRole('region', { name: 'broken.xlsx' }).getByRole('alert').waitFor();
  const [counter] = await world.rows<{ used: number; reserved: number }>(
    sql`SELECT used, reserved FROM usage_counters WHERE organization_id = ${scene.organizationId}`,
  );
  expect(counter).toEqual({ used: 2, reserved: 0 });
});

test('a key is shown once, works, and is refused once it is revoked', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  await visitor.open('api-keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('Nightly job');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await page.getByLabel('Nightly job', { exact: true }).innerText();
  expect(key).toMatch(/^mk_live_/);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByText(`…${key.slice(-4)}`).waitFor();
  expect(await page.getByText(key).count()).toBe(0);

  const usage = `/v1/workspaces/${scene.organizationId}/usage`;
  expect((await world.tested.fetch(usage, { key })).status).toBe(200);
  const row = page.getByRole('row', { name: 'Nightly job' });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.waitFor({ state: 'detached' });
  await expect.poll(async () => (await world.tested.fetch(usage, { key })).status).toBe(401);
});

test('usage is exported as it is shown', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.used(3) });
  const { page } = visitor;
  await visitor.open('usage');
  await page.getByRole('img', { name: /^3 conversions in 30 days/ }).waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'CSV', exact: true }).click();
  const stream = await (await download).createReadStream();
  const text = (await stream.toArray()).join('');
  expect(text.trim().split('\n')).toHaveLength(1 + 3);
});

test('on a phone all is within reach and nothing is wider than the screen', async () => {
  const viewport = { width: 390, height: 844 };
  const visitor = await world.visit({ viewport, hasTouch: true, scene: (plain) => plain.used(2) });
  const { page } = visitor;
  await visitor.open('');
  for (const name of ['Conversions', 'Usage', 'API keys', 'Audit log', 'Settings', 'Convert']) {
    await page.getByRole('button', { name: 'Pages' }).click();
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    expect([name, await findOverflow(page)]).toEqual([name, 0]);
  }
});
