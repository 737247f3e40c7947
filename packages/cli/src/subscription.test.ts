import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type BillingWorld, createBillingWorld } from '../../server/src/test/billing.ts';
import { finishCheckout, visitor } from '../../server/src/test/checkout.ts';
import { runCaptured } from './test/run.ts';

let world: BillingWorld;
let url: string;

beforeAll(async () => {
  world = await createBillingWorld();
  url = `http://127.0.0.1:${(world.api.app.server.address() as AddressInfo).port}`;
});
afterAll(() => world.close());

function run(one: { organizationId: string; apiKey: string }, args: string[]) {
  const { organizationId, apiKey } = one;
  const env = { MUTATE_API_KEY: apiKey, MUTATE_URL: url, MUTATE_WORKSPACE: organizationId };
  return runCaptured(args, env);
}

test('the price list in a currency', async () => {
  const one = await visitor(world);
  const { code, stdout } = await run(one, ['plans', '--currency', 'EUR']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Starter +plan_starter +1,000 +2 +25 MB +EUR 19.00 +EUR 190.00 +0.02/);
  expect(stdout).toMatch(/Enterprise +plan_enterprise +any +any +any +– +– +–/);
});

test('a plan is bought, changed after a look at its price, cancelled and resumed', async () => {
  const one = await visitor(world);
  const bought = await run(one, ['subscription', 'change', 'plan_starter', '--yes']);
  const page = /Give a card at (\S+)/.exec(bought.stdout)?.[1];
  await finishCheckout(world, page);
  const shown = await run(one, ['subscription']);
  expect(shown.stdout).toMatch(/Plan +Starter, by the month in USD\nState +active\n/);
  const look = await run(one, ['subscription', 'change', 'plan_pro']);
  expect(look.stderr).toContain('--yes');
  expect(look.stdout).toMatch(/To pay now +USD 80.00\nThen each month +USD 99.00\n/);
  expect((await run(one, ['subscription'])).stdout).toContain('Starter');
  const made = await run(one, ['subscription', 'change', 'plan_pro', '--yes']);
  expect(made.stdout).toContain('Plan            Pro');
  expect((await run(one, ['subscription', 'cancel'])).stdout).toMatch(/\nEnds +20/);
  expect((await run(one, ['subscription', 'resume'])).stdout).not.toContain('Ends');
  expect((await run(one, ['subscription', 'card'])).stdout).toMatch(/^http\S+checkout\S+\n$/);
  expect((await run(one, ['subscription', 'portal'])).stdout).toMatch(/^http\S+portal\S+\n$/);
});

test('an invoice names the page to pay on while it is open, and its page otherwise', async () => {
  const one = await visitor(world);
  const bought = await run(one, ['subscription', 'change', 'plan_starter', '--yes']);
  await finishCheckout(world, /Give a card at (\S+)/.exec(bought.stdout)?.[1]);
  const card = await run(one, ['subscription', 'card']);
  await finishCheckout(world, card.stdout.trim(), 'chargeCustomerFail');
  await run(one, ['subscription', 'change', 'plan_pro', '--yes']);
  const list = await run(one, ['invoices']);
  const [open = '', paid = ''] = [...list.stdout.matchAll(/inv_\w+/g)].map(([id]) => id);
  expect((await run(one, ['invoices', open])).stdout).toMatch(/State +open\n[^]*Pay at +http/);
  expect((await run(one, ['invoices', paid])).stdout).toMatch(/State +paid\n[^]*\nPage +http/);
});

test('what is wrong is told, with an exit code', async () => {
  const one = await visitor(world);
  for (const args of [
    ['subscription', 'change'],
    ['subscription', 'cancel', 'now'],
    ['subscription', 'explode'],
    ['subscription', 'change', 'plan_pro', '--when', 'later'],
    ['plans', 'all'],
  ]) {
    expect((await run(one, args)).code).toBe(2);
  }
  const refused = await run(one, ['subscription', 'cancel']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('no paid subscription');
});
