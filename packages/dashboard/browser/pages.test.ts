import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers, settle } from './barriers.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

const doors = ['sign-in', 'sign-up', 'forgot-password', 'reset-password'];
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

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test('no door has a barrier for keyboards or screen readers', async () => {
    const page = await world.newPage({ colorScheme });
    for (const door of doors) {
      await page.goto(`/${door}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect([door, await findBarriers(page)]).toEqual([door, []]);
    }
  });

  test('nor has any page, nor its text too little contrast', async () => {
    const visitor = await world.visit({ colorScheme, scene: (plain) => plain.used(85) });
    for (const path of pages) {
      await visitor.open(path);
      await settle(visitor.page);
      expect([path, await findBarriers(visitor.page)]).toEqual([path, []]);
    }
  });

  test('nor has a dialogue', async () => {
    const visitor = await world.visit({ colorScheme });
    await visitor.open('api-keys');
    await visitor.page.getByRole('button', { name: 'New key' }).click();
    await visitor.page.getByLabel('Name').waitFor();
    await visitor.page.waitForTimeout(400);
    expect(await findBarriers(visitor.page)).toEqual([]);
  });
});
