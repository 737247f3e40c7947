import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from './browser.ts';
import { openCanary, prying, type Canary } from './canary.ts';
import { withShutPage } from './shut-page.ts';

// Here without the child's sandbox: what holds is the browser's own isolation, by itself.
let folder: string;
let browser: Browser;
let canary: Canary;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-isolation-'));
  await chmod(folder, 0o755);
  browser = await launchBrowser(folder);
  canary = await openCanary();
});

afterAll(async () => {
  await browser.close();
  await canary.close();
  await rm(folder, { recursive: true, force: true });
});

const request = (javascript: boolean) => ({
  html: Buffer.from(prying(canary.port)),
  javascript,
  loadTimeoutMs: 20_000,
  waitMs: 2000,
  window: { width: 800, height: 600 },
  deviceScaleFactor: 1,
});

test.each([[false], [true]])(
  'a page that asks for loopback and files in every way reaches neither (scripts: %s)',
  async (javascript) => {
    const before = canary.visits();
    await withShutPage(browser, request(javascript), async (shut) => {
      const { page } = shut;
      await page.pdf();
      const read = page.frames().map((frame) => frame.evaluate('document.body.innerText'));
      // A frame whose address was refused never has a document to ask.
      const texts = await Promise.all(read.map((text) => Promise.race([text, sleep(1000)])));
      expect(texts.join('\n')).not.toMatch(/root:|\bbin\b|\/bin\//u);
      expect(texts.join('\n')).toContain('text');
      expect(shut.blocked()).toMatchObject([{ code: 'resources_blocked' }]);
      expect(page.context().pages()).toHaveLength(1);
    });
    expect(canary.visits() - before).toBe(0);
  },
);

test('the flags alone, without interception, reach loopback no more', async () => {
  const before = canary.visits();
  const page = await browser.newPage();
  await page.setContent(prying(canary.port), { waitUntil: 'commit' });
  await page.waitForTimeout(2000);
  await page.close();
  expect(canary.visits() - before).toBe(0);
});

test('nothing of one document is there for the next', async () => {
  const html = Buffer.from(`<p id="out">none</p><script>
    document.getElementById('out').textContent = localStorage.secret ?? document.cookie ?? 'none';
    localStorage.secret = 'told'; document.cookie = 'secret=told';</script>`);
  for (let run = 0; run < 2; run += 1) {
    const options = { ...request(true), html, waitMs: 0 };
    const text = await withShutPage(browser, options, ({ page }) => page.innerText('#out'));
    expect(text).not.toContain('told');
  }
});

/** That the canary would have been seen: the same page as a library would load it by default. */
test('setContent in a plain browser lets a page reach loopback', async () => {
  const plain = await launchBrowser(folder, []);
  const before = canary.visits();
  try {
    const page = await plain.newPage();
    await page.setContent(prying(canary.port), { waitUntil: 'commit' });
    await page.waitForTimeout(2000);
  } finally {
    await plain.close();
  }
  expect(canary.visits() - before).toBeGreaterThan(10);
});
