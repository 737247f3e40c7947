import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** All that another colour scheme can change. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/**
 * What axe-core finds serious or worse; with `colours` only by the rules about those, for a page that
 * was looked at as a whole in another scheme.
 */
export async function findBarriers(page: Page, what: 'all' | 'colours' = 'all'): Promise<string[]> {
  // Half a megabyte: once for each document.
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axe.source);
  const options = {
    resultTypes: ['violations'],
    // What it would fetch again are our style sheets, for rules about turned screens.
    preload: false,
    ...(what === 'all' ? {} : { runOnly: colourRules }),
  };
  const run = `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations)`;
  const found = await page.evaluate<Finding[]>(run);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

/** Until what the page asked for is there: a skeleton has nothing to look at. */
export async function settle(page: Page): Promise<void> {
  const skeletons = page.getByText('Loading', { exact: true });
  await expect.poll(() => skeletons.count()).toBe(0);
}

/** By how many pixels the page is wider than the screen. */
export function findOverflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - globalThis.innerWidth');
}
