import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { type Browser, signedIn } from '../test/people.ts';
import { startTestService, testAdminKey, type TestService } from '../test/service.ts';

const clock = new ManualClock('2026-11-20T10:00:00Z');
let tested: TestService;
beforeAll(async () => {
  tested = await startTestService({ clock });
});
afterAll(() => tested.close());

const make = (browser: Browser) => browser.call('POST /v1/workspaces', { name: 'Acme' });

async function makeAndDelete(browser: Browser): Promise<number> {
  const { status, body } = await make(browser);
  if (status !== 201) return status;
  const { status: removed } = await browser.call(`DELETE /v1/workspaces/${String(body['id'])}`, {
    name: 'Acme',
  });
  expect(removed).toBe(200);
  return status;
}

test('who makes and deletes workspaces has the Free plan ten times a month, no more', async () => {
  const { browser } = await signedIn(tested);
  for (let index = 0; index < 10; index++) expect(await makeAndDelete(browser)).toBe(201);
  const refused = await make(browser);
  expect(refused.body).toMatchObject({ status: 409, code: 'conflict' });
  expect(refused.body['detail']).toContain('made within a month');
  clock.advance(31 * 24 * 3_600_000);
  expect(await makeAndDelete(browser)).toBe(201);
});

test('of ten requests at once for the last workspace one is answered', async () => {
  const { browser } = await signedIn(tested);
  for (let index = 0; index < 9; index++) expect((await make(browser)).status).toBe(201);
  const replies = await Promise.all(Array.from({ length: 10 }, () => make(browser)));
  const made = replies.filter(({ status }) => status === 201);
  const refused = replies.filter(({ status }) => status === 409);
  expect([made.length, refused.length]).toEqual([1, 9]);
});

test('the super admin makes as many as they like, on any plan, and owns them', async () => {
  const { browser } = await signedIn(tested, { superAdmin: true });
  for (let index = 0; index < 10; index++) expect((await make(browser)).status).toBe(201);
  const made = await browser.call('POST /v1/workspaces', { name: 'Big', plan_id: 'plan_pro' });
  expect(made.body).toMatchObject({ plan_id: 'plan_pro' });
  const list = await tested.fetch(`/v1/workspaces/${String(made.body['id'])}/members`, {
    key: testAdminKey,
  });
  expect(await list.json()).toMatchObject({ data: [{ role: 'owner' }] });
});
