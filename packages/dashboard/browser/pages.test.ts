import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { testPassword } from '../../server/src/test/people.ts';
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

test('nor has a dialogue: of a key from its making to its end, of the second factor', async () => {
  const visitor = await world.visit({ reducedMotion: 'reduce' });
  const { page } = visitor;
  await visitor.open('api-keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('Nightly import of the accounting department');
  expect(await inspect(page)).toEqual([]);
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'Your new key' }).waitFor();
  expect(await inspect(page)).toEqual([]);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  for (const name of ['Rotate', 'Revoke']) {
    await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
    expect([name, await inspect(page)]).toEqual([name, []]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await visitor.open('account');
  const panel = page.getByRole('region', { name: 'Second factor' });
  await panel.getByLabel('Your password').fill(testPassword);
  await panel.getByRole('button', { name: 'Set it up' }).click();
  await panel.getByRole('img').waitFor();
  expect(await inspect(page)).toEqual([]);
});

test('a dialogue keeps the keyboard inside, and gives it back to where it came from', async () => {
  const visitor = await world.visit({ reducedMotion: 'reduce' });
  const { page } = visitor;
  await visitor.open('api-keys');
  const isInside = () =>
    page.evaluate<boolean>('document.activeElement.closest("[role=dialog]") !== null');
  for (const opener of ['New key', 'Revoke']) {
    const button = page.getByRole('button', { name: opener }).first();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await expect.poll(isInside).toBe(true);
    for (const key of ['Tab', 'Shift+Tab']) {
      for (let pressed = 0; pressed < 25; pressed += 1) {
        await page.keyboard.press(key);
        expect([opener, key, pressed, await isInside()]).toEqual([opener, key, pressed, true]);
      }
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const focused = () => page.locator(':focus').innerText();
    await expect.poll(focused).toBe(opener);
  }
});

test('a step at a door that takes the focused button with it goes on at its title', async () => {
  const page = await world.newPage();
  await page.goto('/forgot-password');
  await page.getByLabel('Mail address').fill('somebody@example.com');
  await page.keyboard.press('Enter');
  await page.getByRole('status').waitFor();
  await page.goto('/sign-up');
  await page.getByLabel('Your name').fill('Grace');
  await page.getByLabel('Mail address').fill('by-keyboard@example.com');
  await page.locator('input[name=password]').fill(testPassword);
  await page.getByRole('button', { name: 'Create account' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('on its way to by-keyboard@example.com').waitFor();
  await expect.poll(() => page.locator(':focus').innerText()).toBe('Look into your mail');
});

test('on a phone the keyboard is in what is seen: the page, or the list of pages until Escape', async () => {
  const visitor = await world.visit({
    viewport: { width: 390, height: 844 },
    reducedMotion: 'reduce',
  });
  const { page } = visitor;
  await visitor.open('settings');
  await settle(page);
  const edge = () => page.evaluate<number>('document.activeElement.getBoundingClientRect().left');
  const isInList = () =>
    page.evaluate<boolean>('document.activeElement.closest("nav, .frame-side, header") !== null');
  const burger = page.getByRole('button', { name: 'Pages' });
  await burger.focus();
  for (let pressed = 0; pressed < 15; pressed += 1) {
    await page.keyboard.press('Tab');
    expect([pressed, (await edge()) >= 0]).toEqual([pressed, true]);
  }
  await burger.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Webhooks' }).waitFor();
  expect(await burger.getAttribute('aria-expanded')).toBe('true');
  for (let pressed = 0; pressed < 12; pressed += 1) {
    await page.keyboard.press('Tab');
    expect([pressed, await isInList()]).toEqual([pressed, true]);
  }
  await page.keyboard.press('Escape');
  await expect.poll(() => burger.getAttribute('aria-expanded')).toBe('false');
  const focused = page.locator(':focus');
  expect(await focused.getAttribute('aria-label')).toBe('Pages');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Webhooks' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
  await expect.poll(() => focused.innerText()).toBe('Webhooks');
});
