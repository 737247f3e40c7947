import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../clock.ts';
import { expectInvariants } from '../../test/invariants.ts';
import { scenario } from '../../test/scenario.ts';
import { form, startTestService, testAdminKey, type TestService } from '../../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function send(request: string, body: object | FormData, key: string): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const isForm = body instanceof FormData;
  const reply = await tested.fetch(path, {
    method,
    key,
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? {} : { 'content-type': 'application/json' },
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

/** Included 5, 1.00 each past them, at most 5.00: all of it set by the API. */
async function makeWorkspace() {
  const { organizationId: id, apiKey } = await scenario(tested.database.db, systemClock)
    .organization()
    .plan('starter')
    .create();
  const limits = { monthly_limit: 5, overage_price: '1.00', concurrent_limit: 'unlimited' };
  const overrides = { ...limits, reason: 'A test' };
  await send(`PUT /v1/admin/workspaces/${id}/overrides`, overrides, testAdminKey);
  const word = { overage_charge_allowed: true };
  await send(`PATCH /v1/admin/workspaces/${id}/billing`, word, testAdminKey);
  const choice = { overage_policy: 'charge', spend_cap_minor: 500 };
  const chosen = await send(`PATCH /v1/workspaces/${id}/billing`, choice, apiKey);
  expect(chosen).toMatchObject({ status: 200, body: choice });
  return { id, apiKey };
}

async function expectFive(id: string, apiKey: string, answers: readonly Answer[]): Promise<void> {
  const refused = answers.filter(({ status }) => status === 402);
  expect(refused).toHaveLength(5);
  for (const { body } of refused) {
    expect(body).toMatchObject({ code: 'spend_cap_reached', cap_minor: 500, currency: 'usd' });
  }
  const usage = await tested.fetch(`/v1/workspaces/${id}/usage`, { key: apiKey });
  expect(await usage.json()).toMatchObject({
    conversions: { used: 10, reserved: 0, overage: 5 },
    overage: { policy: 'charge', amount_minor: 500, spend_cap_minor: 500 },
  });
  await expectInvariants(tested.database.db, id);
}

test('of fifteen conversions at once ten pass, five of them overage', async () => {
  const { id, apiKey } = await makeWorkspace();
  const answers = await Promise.all(
    Array.from({ length: 15 }, () => {
      const file = { name: 'a.csv', content: 'a,b\n1,2\n' };
      return send(`POST /v1/workspaces/${id}/conversions`, form(file, { to: 'json' }), apiKey);
    }),
  );
  const passed = answers.filter(({ status }) => status === 201);
  expect(passed).toHaveLength(10);
  const billed = passed.map(({ body }) => (body.usage as { billed_as: string }).billed_as);
  expect(billed.filter((one) => one === 'overage')).toHaveLength(5);
  await expectFive(id, apiKey, answers);
});

test('of fifteen reservations at once, completed as they come, ten pass too', async () => {
  const { id, apiKey } = await makeWorkspace();
  const path = `POST /v1/workspaces/${id}/reservations`;
  const answers = await Promise.all(
    Array.from({ length: 15 }, async () => {
      const made = await send(path, { type: 'A_TO_B', size_bytes: 1 }, apiKey);
      if (made.status !== 201) return made;
      return send(`${path}/${String(made.body.id)}/complete`, {}, apiKey);
    }),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  await expectFive(id, apiKey, answers);
});
