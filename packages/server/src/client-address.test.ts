import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { sql } from './db/sql.ts';
import { scenario } from './test/scenario.ts';
import { startTestService, type TestService } from './test/service.ts';

/** What X-Forwarded-For says where `hops` proxies wrote it, whatever the client put before. */
function forwarded(hops: number, client: string, forged: readonly string[] = []): string {
  const proxies = ['192.0.2.1', '192.0.2.2'].slice(0, Math.max(0, hops - 1));
  return [...forged, ...(hops === 0 ? [] : [client]), ...proxies].join(', ');
}

const [allowed, other] = ['203.0.113.7', '198.51.100.1'];

describe.each([0, 1, 2])('behind %i proxies', (hops) => {
  const limit = 40;
  let tested: TestService;
  beforeAll(async () => {
    tested = await startTestService({
      env: { TRUST_PROXY_HOPS: String(hops), RATE_LIMIT_PER_ADDRESS: String(limit) },
    });
  });
  afterAll(() => tested.close());

  const from = (text: string): Record<string, string> =>
    text === '' ? {} : { 'x-forwarded-for': text };

  test('a key that is bound to an address is not opened by saying that one is there', async () => {
    const { apiKey: key, organizationId } = await scenario(tested.database.db, systemClock)
      .organization()
      .key({ allowedIps: [hops === 0 ? '127.0.0.1' : allowed] })
      .create();
    const statusOf = async (text: string) => {
      const path = `/v1/workspaces/${organizationId}/usage`;
      return (await tested.fetch(path, { key, headers: from(text) })).status;
    };
    expect(await statusOf(forwarded(hops, allowed))).toBe(200);
    if (hops === 0) return;
    for (const forged of [[allowed], [allowed, allowed, allowed]]) {
      expect(await statusOf(forwarded(hops, other, forged))).toBe(401);
    }
  });

  test('a key that is bound to another address than the real one is refused', async () => {
    const { apiKey: key, organizationId } = await scenario(tested.database.db, systemClock)
      .organization()
      .key({ allowedIps: [allowed] })
      .create();
    const forged = forwarded(hops, other, [allowed, '127.0.0.1']);
    const path = `/v1/workspaces/${organizationId}/usage`;
    expect((await tested.fetch(path, { key, headers: from(forged) })).status).toBe(401);
  });

  test('who guesses is one address, whatever they say that they are', async () => {
    const { owner } = tested.database;
    await owner.query(sql`DELETE FROM sign_in_attempts`);
    const tries = Array.from({ length: 5 }, (_, index) =>
      tested.fetch('/api/auth/request-password-reset', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...from(forwarded(hops, other, [`203.0.113.${index}`])),
        },
        body: JSON.stringify({ email: `nobody-${index}@example.com` }),
      }),
    );
    for (const { status } of await Promise.all(tries)) expect(status).toBe(200);
    const counted = await owner.query<{ failures: number }>(
      sql`SELECT failures FROM sign_in_attempts ORDER BY failures`,
    );
    // Five accounts, once each, and the one address.
    expect(counted.map(({ failures }) => failures)).toEqual([1, 1, 1, 1, 1, 5]);
  });

  test('so is who has no credentials, and each client behind the proxies has a limit of its own', async () => {
    const statusOf = async (text: string) =>
      (await tested.fetch('/v1/me', { headers: from(text) })).status;
    const statuses: number[] = [];
    for (let index = 0; index < 2 * limit; index++) {
      statuses.push(await statusOf(forwarded(hops, '198.51.100.77', [`203.0.113.${index}`])));
    }
    expect(statuses).toContain(429);
    const next = await statusOf(forwarded(hops, '198.51.100.78'));
    expect(next).toBe(hops === 0 ? 429 : 401);
  });
});
