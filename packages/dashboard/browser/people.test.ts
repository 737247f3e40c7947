import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import {
  addMember,
  appCodeOf,
  linkMailedTo,
  makeUser,
  testPassword,
} from '../../server/src/test/people.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

function rows<T extends object>(statement: ReturnType<typeof sql>): Promise<T[]> {
  return world.tested.database.owner.query<T>(statement);
}

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

test('who is invited and has no account makes one from the link alone, without a second mail', async () => {
  const owner = await world.visit();
  const guest = 'newcomer@example.com';
  await owner.open('team');
  await owner.page.getByRole('button', { name: 'Invite' }).click();
  await owner.page.getByLabel('Mail address').fill(guest);
  await owner.page.getByRole('button', { name: 'Send invitation' }).click();
  await owner.page.getByRole('row', { name: guest }).waitFor();

  const page = await world.newPage();
  const link = await linkMailedTo(world.tested, guest);
  await page.goto(link);
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Your name').fill('Grace Hopper');
  await page.locator('input[name=password]').fill(testPassword);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor();
  expect(await linkMailedTo(world.tested, guest)).toBe(link);
});

test('who opens the link of a sign-up in another browser chooses the password there, and is in', async () => {
  const email = 'owner@example.com';
  const stranger = await world.newPage();
  await stranger.goto('/sign-up');
  await stranger.getByLabel('Your name').fill('Somebody');
  await stranger.getByLabel('Mail address').fill(email);
  await stranger.locator('input[name=password]').fill('chosen by a stranger');
  await stranger.getByRole('button', { name: 'Create account' }).click();
  await stranger.getByText(`on its way to ${email}`).waitFor();

  const page = await world.newPage();
  await page.goto(await linkMailedTo(world.tested, email));
  await page.getByRole('heading', { name: 'Choose your password' }).waitFor();
  await page.locator('input[autocomplete=new-password]').fill(testPassword);
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.getByRole('heading', { name: "Somebody's workspace" }).waitFor();

  await stranger.goto('/sign-in');
  await stranger.locator('input[name=email]').fill(email);
  await stranger.locator('input[name=password]').fill('chosen by a stranger');
  await stranger.getByRole('button', { name: 'Sign in' }).click();
  expect(await stranger.getByRole('alert').innerText()).toContain('Invalid email or password');
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

test('the second factor is set up by a code to scan, drawn in the page, and asked for afterwards', async () => {
  const visitor = await world.visit();
  const { page } = visitor;
  await visitor.open('account');
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).host));
  const panel = page.getByRole('region', { name: 'Second factor' });
  await panel.getByLabel('Your password').fill(testPassword);
  await panel.getByRole('button', { name: 'Set it up' }).click();
  const picture = panel.getByRole('img', { name: 'The key for the app, to scan' });
  await picture.waitFor();
  const dark = await picture.locator('path').nth(1).getAttribute('d');
  // A key's address needs at least version 5: 37 by 37, about half of them dark.
  expect(dark?.match(/M/g)?.length).toBeGreaterThan(500);
  expect(new Set(requests)).toEqual(new Set([new URL(world.tested.url).host]));
  const key = await panel.getByText(/^[A-Z2-7]{16,}$/).innerText();
  await panel.locator('input[autocomplete=one-time-code]').fill(appCodeOf(key));
  await panel.getByRole('button', { name: 'Continue' }).click();
  await panel.getByText('on', { exact: true }).waitFor();
  const kept = await rows(sql`SELECT two_factor_enabled AS is_on FROM "user"
    WHERE id = ${visitor.userId}`);
  expect(kept).toEqual([{ is_on: true }]);
});

test('the owner takes everything along, then deletes the workspace by its name, then the account', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.organization('Leaving Ltd') });
  const { page, scene, userId } = visitor;
  await visitor.open('audit-log');
  await page.getByRole('button', { name: 'Export' }).click();
  const audit = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'CSV' }).click();
  expect(await readFile(await (await audit).path(), 'utf8')).toMatch(/^sequence,created_at,/);

  await visitor.open('settings');
  await page.getByRole('button', { name: 'Export it' }).click();
  const whole = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Without files, as NDJSON' }).click();
  const file = await whole;
  expect(file.suggestedFilename()).toBe(`${scene.organizationId}.ndjson`);
  const [first = ''] = (await readFile(await file.path(), 'utf8')).split('\n');
  expect(JSON.parse(first)).toMatchObject({ kind: 'workspace', name: 'Leaving Ltd' });

  await page.getByRole('button', { name: 'Delete workspace' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Delete workspace' });
  await dialog.getByLabel('Its name').fill('Leaving');
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByLabel('Its name').fill('Leaving Ltd');
  await confirm.click();
  await page.getByRole('heading', { name: 'You are in no workspace' }).waitFor();
  const gone = await rows(sql`SELECT deleted_at IS NOT NULL AS is_deleted FROM organization
    WHERE id = ${scene.organizationId}`);
  expect(gone).toEqual([{ is_deleted: true }]);

  const other = await world.visit({ scene: (plain) => plain.organization('Goes on') });
  await addMember(world.tested, userId, other.scene.organizationId, 'member');
  await page.goto(`/${other.scene.organizationId}/account`);
  await page.getByRole('button', { name: 'Delete my account' }).click();
  await dialog.getByLabel('Your mail address').fill(visitor.email);
  await dialog.getByRole('button', { name: 'Delete my account' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await rows(sql`SELECT FROM "user" WHERE id = ${userId}`)).toEqual([]);
});

test('only owners see how to delete a workspace, and a stale session signs in again first', async () => {
  const member = await world.visit({ role: 'admin' });
  await member.open('settings');
  await member.page.getByRole('button', { name: 'Export it' }).waitFor();
  expect(await member.page.getByRole('button', { name: 'Delete workspace' }).count()).toBe(0);
  await world.tested.database.owner.query(sql`UPDATE session
    SET created_at = created_at - interval '1 hour' WHERE user_id = ${member.userId}`);
  await member.open('account');
  await member.page.getByRole('button', { name: 'Delete my account' }).click();
  const dialog = member.page.getByRole('dialog');
  await dialog.getByLabel('Your mail address').fill(member.email);
  await dialog.getByRole('button', { name: 'Delete my account' }).click();
  const again = dialog.getByRole('link', { name: 'Sign in again, and come back' });
  expect(await again.getAttribute('href')).toContain('/sign-in?from=');
  expect(await rows(sql`SELECT id FROM "user" WHERE id = ${member.userId}`)).toHaveLength(1);
});
