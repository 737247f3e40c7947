import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type Visitor, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds serious or worse. */
async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const run = 'axe.run().then(({ violations }) => violations)';
  const found = await page.evaluate<Finding[]>(run);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

const doors = ['sign-in', 'sign-up', 'forgot-password', 'reset-password'];
const pages = [
  '',
  'convert',
  'conversions',
  'usage',
  'api-keys',
  'snippets',
  'audit-log',
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
      await settle(visitor);
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

/** Until what the page asked for is there: a skeleton has nothing to look at. */
async function settle({ page }: Visitor): Promise<void> {
  await expect.poll(() => page.getByText('Loading', { exact: true }).count()).toBe(0);
}
