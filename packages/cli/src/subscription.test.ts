import { PassThrough, Readable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type BillingWorld, createBillingWorld } from '../../server/src/test/billing.ts';
import { finishCheckout, visitor } from '../../server/src/test/checkout.ts';
import { runMutate } from './run.ts';

let world: BillingWorld;
let url: string;

beforeAll(async () => {
  world = await createBillingWorld();
  url = `http://127.0.0.1:${(world.api.app.server.address() as AddressInfo).port}`;
});
afterAll(() => world.close());

async function run(one: { organizationId: string; apiKey: string }, args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = [stdout, stderr].map((stream) =>
    new Response(Readable.toWeb(stream) as ReadableStream).text(),
  );
  const env = {
    MUTATE_API_KEY: one.apiKey,
    MUTATE_URL: url,
    MUTATE_WORKSPACE: one.organizationId,
  };
  const { signal } = new AbortController();
  const code = await runMutate(args, { env, stdin: Readable.from([]), stdout, stderr, signal });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { code, out, err };
}

test('the price list in a currency', async () => {
  const one = await visitor(world);
  const { code, out } = await run(one, ['plans', '--currency', 'EUR']);
  expect(code).toBe(0);
  expect(out).toMatch(/Starter +plan_starter +1,000 +2 +25 MB +EUR 19.00 +EUR 190.00 +0.02/);
  expect(out).toMatch(/Enterprise +plan_enterprise +any +any +any +– +– +–/);
});

test('a plan is bought, changed after a look at its price, cancelled and resumed', async () => {
  const one = await visitor(world);
  const bought = await run(one, ['subscription', 'change', 'plan_starter', '--yes']);
  const page = /Give a card at (\S+)/.exec(bought.out)?.[1];
  await finishCheckout(world, page);
  const shown = await run(one, ['subscription']);
  expect(shown.out).toMatch(/Plan +Starter, by the month in USD\nState +active\n/);
  const look = await run(one, ['subscription', 'change', 'plan_pro']);
  expect(look.err).toContain('--yes');
  expect(look.out).toMatch(/To pay now +USD 80.00\nThen each month +USD 99.00\n/);
  expect((await run(one, ['subscription'])).out).toContain('Starter');
  const made = await run(one, ['subscription', 'change', 'plan_pro', '--yes']);
  expect(made.out).toContain('Plan            Pro');
  expect((await run(one, ['subscription', 'cancel'])).out).toMatch(/\nEnds +20/);
  expect((await run(one, ['subscription', 'resume'])).out).not.toContain('Ends');
  expect((await run(one, ['subscription', 'card'])).out).toMatch(/^http\S+checkout\S+\n$/);
  expect((await run(one, ['subscription', 'portal'])).out).toMatch(/^http\S+portal\S+\n$/);
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
  expect(refused.err).toContain('no paid subscription');
});
