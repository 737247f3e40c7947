import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { expectInvariants } from '../test/invariants.ts';
import { scenario, type Scene } from '../test/scenario.ts';
import { form, startTestService, type TestService } from '../test/service.ts';

let tested: TestService;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());

async function send({ organizationId, apiKey }: Scene, body: FormData) {
  const path = `/v1/workspaces/${organizationId}/conversions`;
  const response = await tested.fetch(path, { method: 'POST', key: apiKey, body });
  return (await response.json()) as Record<string, unknown>;
}

/** Conversions counted; nothing is reserved any more, and no slot is held. */
async function used({ organizationId, apiKey }: Scene): Promise<unknown> {
  const path = `/v1/workspaces/${organizationId}/usage`;
  const usage = await (await tested.fetch(path, { key: apiKey })).json();
  expect(usage).toMatchObject({ conversions: { reserved: 0 }, concurrent: { active: 0 } });
  await expectInvariants(tested.database.db, organizationId, new Date());
  return (usage as { conversions: { used: number } }).conversions.used;
}

// PostgreSQL's jsonb takes neither U+0000 nor half a surrogate pair, and documents hold both.
describe('a document whose text PostgreSQL would refuse', () => {
  it.each([
    ['U+0000', String.raw`[{"a\u0000b":{"c":1}}]`],
    ['a character that a bound cuts in two', `[{"${'x'.repeat(199)}\u{1f600}":{"c":1}}]`],
  ])('fails with its own code where the message quotes %s', async (_what, content) => {
    const owner = await scenario(tested.database.db, systemClock).organization().create();
    const options = '{"nested":"refuse"}';
    const problem = await send(owner, form({ name: 'a.json', content }, { to: 'csv', options }));
    expect(problem).toMatchObject({ status: 422, code: 'document_invalid' });
    expect(await used(owner)).toBe(0);
  });

  it('is converted and counted where a warning quotes it', async () => {
    const owner = await scenario(tested.database.db, systemClock).organization().create();
    // Past the first bytes, by which a NUL tells binary from text.
    const content = `${'x'.repeat(5000)},a\0\u{1f600},a\0\u{1f600}\n1,2,3\n`;
    const job = await send(owner, form({ name: 'a.csv', content }, { to: 'json' }));
    expect(job).toMatchObject({
      status: 'succeeded',
      warnings: [{ code: 'duplicate_columns', detail: expect.stringContaining('a\ufffd') }],
    });
    expect(await used(owner)).toBe(1);
  });
});
