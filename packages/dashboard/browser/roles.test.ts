import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { settle } from './barriers.ts';
import { startWorld, type Visitor, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ billed: true });
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

/** Opens every page that a link leads to; answers what was refused on the way. */
async function followAll(visitor: Visitor): Promise<string[]> {
  const { page, scene } = visitor;
  const refused: string[] = [];
  const at = () => new URL(page.url()).pathname;
  page.on('response', (response) => {
    if (response.status() !== 403) return;
    refused.push(`${at()}: ${response.request().method()} ${new URL(response.url()).pathname}`);
  });
  const seen = new Set<string>();
  for (const waiting = ['']; waiting.length > 0;) {
    const path = waiting.pop() ?? '';
    if (seen.has(path)) continue;
    seen.add(path);
    await visitor.open(path);
    await settle(page);
    const hrefs = await page.evaluate<string[]>(
      `[...document.querySelectorAll('a[href]')].map((a) => a.pathname)`,
    );
    const base = `/${scene.organizationId}`;
    for (const href of hrefs) if (href.startsWith(base)) waiting.push(href.slice(base.length + 1));
  }
  expect(seen.size).toBeGreaterThan(5);
  return refused;
}

test.each(['member', 'billing', 'admin'] as const)(
  'no link that the role %s is shown leads to a refusal',
  async (role) => {
    const visitor = await world.visit({
      role,
      scene: (plain) => plain.overrides({ monthly_limit: 3 }).used(3),
    });
    expect(await followAll(visitor)).toEqual([]);
  },
  120_000,
);
