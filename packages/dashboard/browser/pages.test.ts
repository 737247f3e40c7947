import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findBarriers, settle } from './barriers.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

const doors = ['sign-in', 'sign-up', 'forgot-password', 'reset-password', 'confirm-address'];
const pages = [
  '',
  'convert',
  'conversions',
  'usage',
  'api-keys',
  'snippets',
  'audit-log',
  'team',
  'webhooks',
  'notifications',
  'settings',
  'account',
  'nothing-here',
];

/** In light colours as a whole; then, where they lie, in dark ones. */
async function inspect(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const found = await findBarriers(page);
  // Without motion nothing is looked at halfway between two colours.
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  const dark = await findBarriers(page, 'colours');
  return [...found, ...dark.map((barrier) => `dark: ${barrier}`)];
}

test('no door has a barrier for keyboards or screen readers, light or dark', async () => {
  const page = await world.newPage({ reducedMotion: 'reduce' });
  for (const door of doors) {
    await page.goto(`/${door}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect([door, await inspect(page)]).toEqual([door, []]);
  }
});

test('nor has any page, nor its text too little contrast', async () => {
  const visitor = await world.visit({
    reducedMotion: 'reduce',
    scene: (plain) => plain.used(85),
  });
  for (const path of pages) {
    await visitor.open(path);
    await settle(visitor.page);
    expect([path, await inspect(visitor.page)]).toEqual([path, []]);
  }
});

test('nor has a dialogue', async () => {
  const visitor = await world.visit({ reducedMotion: 'reduce' });
  await visitor.open('api-keys');
  await visitor.page.getByRole('button', { name: 'New key' }).click();
  await visitor.page.getByLabel('Name').waitFor();
  expect(await inspect(visitor.page)).toEqual([]);
});
