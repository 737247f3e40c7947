import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import { linkMailedTo, makeUser, testPassword } from '../../server/src/test/people.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

test('somebody invited joins with the role given, sees its pages, and can be made more', async () => {
  const owner = await world.visit();
  const guest = await makeUser(world.tested, { email: 'guest@example.com' });
  await owner.open('team');
  await owner.page.getByRole('button', { name: 'Invite' }).click();
  await owner.page.getByLabel('Mail address').fill(guest);
  await owner.page.getByRole('radio', { name: 'Billing' }).check();
  await owner.page.getByRole('button', { name: 'Send invitation' }).click();
  await owner.page.getByRole('row', { name: guest }).waitFor();

  const page = await world.newPage();
  await page.goto(await linkMailedTo(world.tested, guest));
  await page.getByRole('link', { name: 'I have one: sign in' }).click();
  await page.locator('input[name=email]').fill(guest);
  await page.locator('input[name=password]').fill(testPassword);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor();
  const links = page.getByRole('navigation', { name: 'Pages' });
  await links.getByRole('link', { name: 'Usage' }).waitFor();
  expect(await links.getByRole('link', { name: 'API keys' }).count()).toBe(0);

  await owner.open('team');
  await owner.page.getByRole('combobox').nth(1).waitFor();
  const row = owner.page.getByRole('row', { name: guest });
  await row.getByRole('combobox').click();
  await owner.page.getByRole('option', { name: 'Admin' }).click();
  const roles = () =>
    world.tested.database.owner.query<{ role: string }>(
      sql`SELECT m.role FROM member m JOIN "user" u ON u.id = m.user_id
        WHERE u.email = ${guest} AND m.organization_id = ${owner.scene.organizationId}`,
    );
  await expect.poll(roles).toEqual([{ role: 'admin' }]);
  await page.reload();
  await links.getByRole('link', { name: 'API keys' }).waitFor();
});

test('a wrong password says so; a right one leads to where one wanted to go', async () => {
  const visitor = await world.visit();
  const page = await world.newPage();
  await page.goto(`/${visitor.scene.organizationId}/settings`);
  await page.locator('input[name=email]').fill(visitor.email);
  await page.locator('input[name=password]').fill('not my password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await page.locator('input[name=password]').fill(testPassword);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.getByRole('button', { name: /Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(`/${visitor.scene.organizationId}`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const cookies = await page.context().cookies();
  expect(cookies.filter(({ name }) => name.includes('session_token'))).toEqual([]);
});

test('settings are saved, and hold for the next look', async () => {
  const visitor = await world.visit();
  const { page, scene } = visitor;
  await visitor.open('settings');
  await page.getByLabel('Name').fill('Renamed');
  await page.getByLabel('Keep files for (hours)').fill('48');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('button', { name: /Workspace: Renamed/ }).waitFor();
  const [row] = await world.tested.database.owner.query<object>(
    sql`SELECT name, retention_hours FROM organization WHERE id = ${scene.organizationId}`,
  );
  expect(row).toEqual({ name: 'Renamed', retention_hours: 48 });
});
