import { systemClock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { newId } from '../ids.ts';
import { insertInvoice } from './invoices.ts';
import { until } from './notifications.ts';
import { addMember, type Browser, makeUser, signedIn } from './people.ts';
import { scenario } from './scenario.ts';
import { form, testAdminKey, type TestService } from './service.ts';

/** A workspace with its owner's browser and a key that may do everything. */
export interface Tenant {
  readonly organizationId: string;
  readonly apiKey: string;
  readonly apiKeyId: string;
  readonly browser: Browser;
}

export async function createTenant(tested: TestService): Promise<Tenant> {
  const scene = await scenario(tested.database.db, systemClock)
    .organization()
    .plan('enterprise')
    .create();
  const { browser } = await signedIn(tested, { member: [scene.organizationId, 'owner'] });
  return { ...scene, browser };
}

/** One object of each kind that a URL can name; answers their ids by the URL's name for them. */
export async function fillTenant(
  tested: TestService,
  tenant: Tenant,
): Promise<Record<string, string>> {
  const { organizationId, browser } = tenant;
  const { owner } = tested.database;
  const path = `/v1/workspaces/${organizationId}` as const;
  const make = async (what: string, body?: unknown): Promise<string> => {
    const reply = await browser.call(`POST ${path}/${what}`, body);
    if (reply.status >= 300) throw new Error(`${what}: ${JSON.stringify(reply.body)}`);
    return String(reply.body['id']);
  };
  const upload = async (what: string): Promise<string> => {
    const body = form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' });
    const reply = await tested.fetch(`${path}/${what}`, {
      method: 'POST',
      key: tenant.apiKey,
      body,
    });
    const { id } = (await reply.json()) as { id: string };
    return id;
  };
  await insertInvoice(owner, organizationId);
  const userId = newId('usr', Date.now());
  await makeUser(tested, { userId });
  const endpointId = await make('webhook-endpoints', { url: 'https://hooks.example.com/mutate' });
  const jobId = await upload('conversions');
  const batchId = await upload('conversions/batch');
  const reservationId = await make('reservations', { type: 'DOCX_TO_PDF', size_bytes: 1 });
  return {
    jobId,
    batchId,
    reservationId,
    requestId: await refusedRequest(tested, tenant),
    keyId: tenant.apiKeyId,
    memberId: await addMember(tested, userId, organizationId, 'owner'),
    invitationId: await make('invitations', { email: 'guest@example.com' }),
    endpointId,
    deliveryId: await make(`webhook-endpoints/${endpointId}/test`),
    invoiceId: 'inv_1',
    lineId: 'line_1',
    mailId: 'mail_1',
  };
}

/** The id of a request that was refused, once it can be explained. */
async function refusedRequest(tested: TestService, { organizationId, apiKey }: Tenant) {
  const path = `/v1/workspaces/${organizationId}`;
  const refused = await tested.fetch(`/v1/admin/workspaces/${organizationId}/overrides`, {
    method: 'PUT',
    key: testAdminKey,
    headers: { 'content-type': 'application/json' },
    body: '{"monthly_limit":0,"reason":"A refusal"}',
  });
  if (refused.status !== 200) throw new Error(await refused.text());
  const body = form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' });
  const reply = await tested.fetch(`${path}/conversions`, { method: 'POST', key: apiKey, body });
  const { request_id: id } = (await reply.json()) as { request_id: string };
  await until(async () => {
    const { status } = await tested.fetch(`${path}/usage/decisions/${id}`, { key: apiKey });
    return status === 200;
  });
  return id;
}

/** Every row of an organization, table by table; what moves by itself is left out. */
export async function rowsOf(
  tested: TestService,
  organizationId: string,
): Promise<Record<string, string>> {
  const { owner } = tested.database;
  const tables = await owner.query<{ name: string }>(
    sql`SELECT c.relname AS name FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const all: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await owner.query<{ rows: string }>({
      text: `SELECT coalesce(string_agg((to_jsonb(t) - 'last_used_at')::text, E'\\n'
          ORDER BY t::text), '') AS rows
        FROM "${name}" t WHERE organization_id = $1`,
      values: [organizationId],
      name: `rows of ${name}`,
    });
    all[name] = row?.rows ?? '';
  }
  return all;
}
